/** A log for a library that nobody gave one. */
export { warningLog } from './warning-log.ts';

/** Secrets in memory: they print as a fingerprint. */
export { Secret } from './secret.ts';

/**
 * Signed messages of the Extensions API (docs/specs/extensions.md#signature): the signature over the raw bytes, then
 * the envelope inside.
 */
export { signMessage, verifySignature, type SignatureOptions, type SignatureReason } from './signing.ts';
export { checkEnvelope, type EnvelopeReason, type ExpectedEnvelope } from './envelope.ts';
export {
  diagnoseSignature,
  type DoctorOptions,
  type Mistake,
  type RefusedRequest,
} from './doctor/diagnose.ts';

/** Digests, fresh tokens, comparison in constant time. */
export { randomToken, sha256, sha256Hex } from './digest.ts';
export { sameBytes } from './compare.ts';

/** Styles that a page may hold under a strict policy. */
export { inlineStyle, type InlineStyle } from './inline-style.ts';

/** Secrets at rest. */
export { createSealer, type Sealer } from './seal.ts';

/** Secrets that must not reach a log: the second net behind `Secret`. */
export { redactText, redactValue, type RedactBounds } from './redact.ts';
export { TOKEN_SHAPES, type TokenShape } from './token-shapes.ts';

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

/** A file that only one process has. */
export { FileLockedError, lockFile, type FileLock, type Guarded, type LockHolder } from './file-lock.ts';
