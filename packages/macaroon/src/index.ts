/** Verdicts as values, and the one error that the making side throws. */
export { ok, type Result } from './result.ts';
export { MacaroonError, type MacaroonErrorCode } from './error.ts';

/** Actions and roles as bits. */
export { Action, formatMask, parseMask, type ActionMask, type MaskReason } from './caveats/action.ts';
export { Role, formatRoles } from './caveats/roles.ts';

/** Caveats: what a token can be restricted to. */
export * from './caveats/caveat.ts';
export { decodeCaveats } from './caveats/read.ts';
export { encodeCaveats } from './caveats/write.ts';

/** Tokens: make, narrow, read, write. */
export {
  attenuate,
  decodeMacaroon,
  encodeToken,
  mint,
  tailDigest,
  tokenId,
  type Macaroon,
  type MintOptions,
} from './format/macaroon.ts';
export type { Nonce } from './format/nonce.ts';
export { LOCATIONS } from './format/location.ts';
export { LIMITS, type Limits } from './limits.ts';

/** What computes: node:crypto by default, an engine of one's own for a process that verifies all day. */
export { createTokenCrypto } from '#crypto';
export type { TokenCrypto, TokenCryptoOptions } from './crypto/token-crypto.ts';

/** Headers: several tokens in one text. */
export {
  decodeToken,
  formatHeader,
  parseBundle,
  stripScheme,
  type Bundle,
  type HeaderReason,
  type TokenTextReason,
} from './format/header.ts';

/** Bundles that keep every token and what is known about it, and the filters for them. */
export {
  openBundle,
  TokenBundle,
  type BundleDischargeReason,
  type BundleRefusal,
  type KeyResolver,
} from './bundle/bundle.ts';
export type { BundleProblem, BundleToken, PermissionToken, TokenState } from './bundle/token.ts';
export * from './bundle/filter.ts';

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
} from './verify/third-party.ts';

/** Verify that a token is genuine, then clear what is asked. */
export {
  branchDigests,
  verify,
  type DischargeFault,
  type TrustedParties,
  type VerifyOptions,
  type VerifyReason,
} from './verify/verify.ts';
export { attestations, verifiedElsewhere, type UsedDischarge, type Verified } from './verify/verified.ts';
export {
  createVerificationCache,
  type CacheOptions,
  type RecallOptions,
  type VerificationCache,
} from './verify/cache.ts';
export { clear, clearTicket, type Clearable } from './clear/clear.ts';
export type { Access } from './clear/access.ts';
export type { DischargeRequest, Subject } from './clear/subject.ts';
export { objection, type Objection, type Refusal, type RefusalTag } from './clear/refusal.ts';

/** What a token is about, without saying that it is allowed. */
export {
  appsAllowing,
  appScope,
  clusterScope,
  organizationScope,
  userForLogs,
  type AppsReason,
  type ScopeReason,
} from './clear/scope.ts';
export { effectiveExpiry } from './caveats/validity.ts';

/** Blanks around a text of tokens. */
export { trimBlanks } from './format/blanks.ts';

/** Caveats as JSON, and in words. */
export { caveatsToDebugJson, caveatsToJson, macaroonToDebugJson } from './caveats/json-write.ts';
export { caveatsFromJson, type JsonReason } from './caveats/json-read.ts';
export {
  explainCaveat,
  explainCaveats,
  explainRefusal,
  explainToken,
  explainTokenReason,
  explainVerifyReason,
} from './caveats/explain.ts';
export { neverClears } from './caveats/never-clears.ts';

/** Caveat types of one's own. */
export {
  PRIVATE_RANGE,
  privateCaveat,
  privateCaveats,
  readPrivate,
  type PrivateCaveat,
  type PrivateCaveats,
} from './caveats/private.ts';
export { Reader, type DecodeReason } from './msgpack/reader.ts';
export { Writer } from './msgpack/writer.ts';
