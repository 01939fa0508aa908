/** Verdicts as values, and the one error that the making side throws. */
export { ok, refuse, type Result } from './result.ts';
export { MacaroonError, type MacaroonErrorCode } from './error.ts';

/** Actions and roles as bits. */
export { Action, EVERY_BIT, formatMask, parseMask, type ActionMask, type MaskReason } from './action.ts';
export { Role, formatRoles } from './roles.ts';

/** Caveats: what a token can be restricted to. */
export * from './caveat.ts';
export { decodeCaveats } from './caveat-read.ts';
export { encodeCaveats } from './caveat-write.ts';

/** Tokens: make, narrow, read, write. */
export {
  attenuate,
  decodeMacaroon,
  encodeToken,
  mint,
  tokenId,
  type Macaroon,
  type MintOptions,
} from './macaroon.ts';
export type { Nonce } from './nonce.ts';
export { LOCATIONS } from './location.ts';
export { LIMITS, type Limits } from './limits.ts';

/** Headers: several tokens in one text. */
export {
  decodeToken,
  formatHeader,
  parseBundle,
  stripScheme,
  type Bundle,
  type HeaderReason,
  type TokenReason,
} from './header.ts';

/** Bundles that keep every token and what is known about it, and the filters for them. */
export {
  openBundle,
  TokenBundle,
  type BundleDischargeReason,
  type BundleRefusal,
  type KeyResolver,
} from './bundle.ts';
export type { BundleProblem, BundleToken, PermissionToken, TokenState } from './bundle-token.ts';
export * from './bundle-filter.ts';

/** Third parties: ask somebody else to agree, and agree. */
export {
  addThirdParty,
  createDischarge,
  missingTickets,
  openTicket,
  readDischarge,
  sealTicket,
  thirdPartyCaveats,
  type DischargeOptions,
  type ThirdPartyOptions,
  type Ticket,
  type TicketAt,
  type TicketReason,
} from './third-party.ts';

/** Verify that a token is genuine, then clear what is asked. */
export {
  branchDigests,
  verify,
  type DischargeFault,
  type TrustedParties,
  type VerifyOptions,
  type VerifyReason,
} from './verify.ts';
export { attestations, verifiedElsewhere, type UsedDischarge, type Verified } from './verified.ts';
export {
  createVerificationCache,
  type CacheOptions,
  type RecallOptions,
  type VerificationCache,
} from './cache.ts';
export { clear, clearTicket } from './clear.ts';
export type { Access } from './access.ts';
export type { DischargeRequest, Subject } from './subject.ts';
export { object, type Objection, type Refusal, type RefusalTag } from './refusal.ts';

/** What a token is about, without saying that it is allowed. */
export {
  appsAllowing,
  appScope,
  clusterScope,
  effectiveExpiry,
  organizationScope,
  userForLogs,
  type AppsReason,
  type ScopeReason,
} from './scope.ts';

/** Blanks around a text of tokens. */
export { trimBlanks } from './blanks.ts';

/** Caveats as JSON, and in words. */
export { caveatsToDebugJson, caveatsToJson, macaroonToDebugJson } from './json-write.ts';
export { caveatsFromJson, type JsonReason } from './json-read.ts';
export {
  explainCaveat,
  explainCaveats,
  explainRefusal,
  explainToken,
  explainTokenReason,
  explainVerifyReason,
} from './describe.ts';
export { neverClears } from './never-clears.ts';

/** Caveat types of one's own. */
export {
  PRIVATE_RANGE,
  privateCaveat,
  privateCaveats,
  readPrivate,
  type PrivateCaveat,
  type PrivateCaveats,
} from './private-caveat.ts';
export { Reader, type DecodeReason } from './msgpack/reader.ts';
export { Writer } from './msgpack/writer.ts';
