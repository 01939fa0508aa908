/** Verdicts as values: `Result`, and the two ways to make one. */
export { ok, refuse, type Result } from './result.ts';

/** The clock every library takes in its options. */
export { systemClock, type Clock } from './clock.ts';

/** What the libraries write to; silent unless the app passes a logger. */
export { silentLog, type Log, type LogLine } from './log.ts';
export { warningLog } from './warning-log.ts';

/** Secrets in memory: they print as a fingerprint. */
export { Secret } from './secret.ts';

/**
 * Signed messages of the Extensions API (docs/specs/extensions.md#signature): the signature over the raw bytes, then
 * the envelope inside.
 */
export { signMessage, verifySignature, type SignatureOptions, type SignatureReason } from './signing.ts';
export { checkEnvelope, type EnvelopeReason, type ExpectedEnvelope } from './envelope.ts';

/** JSON from strangers. */
export { parseStrictJson, type JsonLimits, type JsonReason } from './strict-json.ts';

/** Digests, fresh tokens, comparison in constant time. */
export { randomToken, sha256, sha256Hex } from './digest.ts';
export { sameBytes } from './compare.ts';

/** Styles that a page may hold under a strict policy. */
export { inlineStyle, type InlineStyle } from './inline-style.ts';

/** Secrets at rest. */
export { createSealer, type Sealer } from './seal.ts';

/** Secrets that must not reach a log: the second net behind `Secret`. */
export { redactText, redactValue, type RedactBounds } from './redact.ts';
export { tokenShapes, type TokenShape } from './token-shapes.ts';

/** The forms of names that reach paths, headers and other services. */
export {
  isAppName,
  isBucketName,
  isExtensionId,
  isImage,
  isMachineId,
  isOrgSlug,
  isRegion,
  isVolumeId,
} from './names.ts';

/** The one table of errors, the one error that is thrown, and its answer. */
export {
  errorReference,
  errorTable,
  type ErrorCode,
  type ErrorReferenceRow,
  type ErrorRow,
} from './error-table.ts';
export {
  asHangarError,
  errorBody,
  errorResponse,
  HangarError,
  type ErrorBody,
  type HangarErrorOptions,
} from './errors.ts';

/** A file that only one process has. */
export { FileLockedError, lockFile, type FileLock, type Guarded, type LockHolder } from './file-lock.ts';

/** Anything thrown, for a person. */
export { inWords } from './in-words.ts';

/** What a server passes beside the Request, and reading a body within a limit. */
export { readBody, splitTarget, type Door } from './door.ts';
export {
  createBodyBudget,
  type BodyBudget,
  type BodyBudgetLimits,
  type BodyHold,
  type BodyShare,
} from './body-budget.ts';
export { callerOf } from './caller-of.ts';
export { tokenError, type RejectedToken } from './token-error.ts';
