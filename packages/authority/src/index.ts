/** The whole: keys, minting, listing, revoking, verifying, discharging, as one value with doors. */
export { createAuthority, type Authority, type AuthorityOptions } from './authority.ts';
export type { Tokens, TokenPage, TokenQuery, RevokedText, RevokeRequest, RevokeText } from './tokens.ts';
export type { MintLimits } from './limits.ts';
export type { Minted } from './issuer/mint.ts';
export type { MintRequest } from './issuer/mint-request.ts';
export { headerReason } from './token-reason.ts';
export { isFit } from './http/json.ts';
export type { RouteAccess } from './http/token-text.ts';
export { readLeakReporters, type LeakReporters } from './http/leaks.ts';

/** Who holds the root keys: in this process, or apart behind a door of its own. */
export { createIssuer, type IssuerOptions, type LocalIssuer } from './issuer/local.ts';
export { createIssuerDoor, type IssuerDoor } from './issuer/rpc/server.ts';
export { createRemoteIssuer, type SendToIssuer } from './issuer/rpc/client.ts';
export type { LoginOf } from './caveats/login-of.ts';
export type {
  DischargeRefusal,
  Issuer,
  IssuerAbout,
  SigningIssuer,
  TokenRowsQuery,
  VerifyingIssuer,
} from './issuer/port.ts';
export type { DischargeOrigin, Judged, Presented } from './issuer/judged.ts';
export type { TicketRefusal } from './issuer/ticket.ts';

/** What the authority needs from outside. */
export type {
  Asker,
  Branch,
  Directory,
  FeedPage,
  FlowRow,
  FlowStore,
  RateLimit,
  RateSlice,
  RateSlices,
  Identity,
  IssuerStore,
  NewToken,
  NotRecorded,
  Revocation,
  RevocationTarget,
  SigningKeyRow,
  TokenLimits,
  TokenPart,
  TokenRow,
} from './ports.ts';

/** Offline: read, explain and narrow token texts with no key and no server; presets and lifetimes. */
export * from './offline/index.ts';

/** Hangar's own caveats, registered by value. */
export { hangarCaveats } from './caveats/registry.ts';
export { HANGAR_CAVEAT_NUMBERS } from './caveats/numbers.ts';
export type { CaveatMeters } from './caveats/facts.ts';
export { envCreateCaveat, type EnvCreate } from './caveats/env-create.ts';
export { envLabelsCaveat, type EnvLabels } from './caveats/env-labels.ts';
export { execLimitCaveat, type ExecLimit } from './caveats/exec-limit.ts';
export { rateCaveat, type Rate } from './caveats/rate.ts';
export { sourceCaveat, type Source } from './caveats/source.ts';
export { spendCaveat, type Spend } from './caveats/spend.ts';

/** Getting discharges from third parties, and keeping them fresh. */
export {
  fetchDischarges,
  type DischargeFailure,
  type FetchDischargesOptions,
  type FetchedDischarges,
} from './client/fetch-discharges.ts';
export type { DischargeTransport } from './client/conversation.ts';
export type { AllowedPlaces, OriginsServedBySimulator } from './client/discharge-url.ts';
export {
  createDischargeKeeper,
  type DischargeKeeper,
  type DischargeKeeperOptions,
  type KeeperReason,
} from './client/keeper.ts';

/** The routes of the Machines API that are about tokens. */
export { INTROSPECTION_ROUTES, type IntrospectionRoute } from './http/introspection.ts';
