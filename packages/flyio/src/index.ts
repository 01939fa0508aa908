/** The addresses of Fly.io, real or simulated. */
export { flyUrls, type FlyUrls, type FlyUrlsOf } from './urls.ts';

/** Ids that must not be mixed up. */
export type { FlyExtensionId, Named, OrganizationId, ProviderExtensionId, UserId } from './ids.ts';

/** Tokens in an Authorization header. */
export { authorizationFor, isMacaroonToken, splitTokens } from './authorization.ts';

/** Extensions API: provisioning (docs/sources.md#extensions-api). */
export {
  extensionResource,
  extensionStatus,
  provisionRequest,
  provisionResponse,
  updateRequest,
  type ExtensionResource,
  type ExtensionStatus,
  type ProvisionRequest,
  type ProvisionResponse,
  type SignedMembers,
  type UpdateRequest,
  type UserRole,
} from './wire/provisioning.ts';

/** Extensions API: webhooks to Fly.io, machine events from it, the billing pull. */
export {
  webhookMessage,
  type WebhookAction,
  type WebhookMessage,
  type WebhookResource,
} from './wire/webhooks.ts';
export {
  machineEventBody,
  MACHINE_EVENT_PREFIX,
  parseCloudEvent,
  type CloudEvent,
  type CloudEventReason,
  type MachineEventBody,
} from './wire/machine-events.ts';
export { machineExit, type MachineExit } from './wire/machine-exit.ts';
export { chargesResponse, type Charge, type ChargesResponse } from './wire/billing.ts';

/** OAuth: answers, PKCE, and the client. */
export { tokenInfo, tokenResponse, type TokenInfo, type TokenResponse } from './wire/oauth.ts';
export { codeChallengeOf, createPkcePair } from './pkce.ts';
export {
  allowPlainHttpToSimulator,
  createOAuthClient,
  type OAuthClient,
  type OAuthClientOptions,
  type OAuthReason,
  type OAuthTokens,
} from './client/oauth.ts';

/** Machines API: words, and the client. */
export {
  appWire,
  createAppRequest,
  ipWire,
  machinesError,
  machineWire,
  secretsResponse,
  volumeWire,
  type AppWire,
  type CreateAppRequest,
  type CreatedApp,
  type CreateMachineRequest,
  type IpRequest,
  type IpWire,
  type MachineConfig,
  type MachinesError,
  type MachineWire,
  type SecretsRequest,
  type SecretsResponse,
  type VolumeWire,
} from './wire/machines.ts';
/** Machines API: what may stand in a request body, member by member. */
export * from './bodies/index.ts';
export {
  authenticateRequest,
  authenticateResponse,
  authorizeRequest,
  authorizeResponse,
  currentTokens,
  type AuthenticateRequest,
  type AuthorizeRequest,
  type AuthorizeResponse,
  type CurrentTokens,
  type RequestedAccess,
  type VerifiedToken,
} from './wire/tokens.ts';
/** The public document of the Machines API, as a list. */
export { MACHINES_OPERATIONS, type MachinesOperation } from './operations.ts';
export { createMachinesClient, type MachinesClient, type MachinesClientOptions } from './client/machines.ts';
export {
  createUpstream,
  type Upstream,
  type UpstreamAnswer,
  type UpstreamRequest,
} from './client/upstream.ts';
export type { UpstreamFailure, UpstreamReason } from './client/upstream-failure.ts';
export type { DispatchedCall, UpstreamHandler } from './client/dispatched.ts';

/** The third party's discharge protocol. */
export {
  DISCHARGE_PATH,
  dischargeRequest,
  dischargeResponse,
  type DischargeRequestWire,
  type DischargeResponse,
} from './wire/discharge.ts';
