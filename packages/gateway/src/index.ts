/** The gateway: user environments behind the Machines API. */
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export type { Environments, EnvironmentSummary, PowerChange } from './environments.ts';
export type { Workspaces } from './workspaces.ts';
export type { Task } from './recovery.ts';

/** What the operator decides: organizations, sizes, names of the storage secrets. */
export { parseAllowedOrganizations, type AllowedOrganizations } from './org-policy.ts';
export { defaultPolicy, type EnvironmentPolicy } from './policy.ts';
export { POLICY_RULES, type PolicyMember, valueIn } from './policy-rules.ts';
export { readPolicy, type ReadPolicy } from './read-policy.ts';
export type { Prices } from './spending.ts';
export type { StorageSecretNames } from './reserved.ts';

/** The decision about a request, without any effect, and the table it is made from. */
export { accessOf, verdictOn, type Caller, type CallerFacts, type Verdict } from './decide.ts';
export { planRequest, type RequestPlan } from './request-plan.ts';
export { environmentOf } from './located-request.ts';
export { routes } from './routes.ts';
export type { Method, Resource, Route, Treatment } from './route.ts';

/** Usage: running times cut at hours or days. */
export { cutUsage, type Granularity, type Meter, type UsageRecord } from './usage.ts';

/** What the gateway keeps, and the words for it. */
export { GONE_STATES, hasFailed, isGone, powerOf, unfinishedPhases } from './environment.ts';
export type {
  Environment,
  Guest,
  Interval,
  Machine,
  MachineFailure,
  Phase,
  Power,
  Step,
  Workspace,
} from './environment.ts';

/** What the gateway needs from outside: a verifier of tokens, and rows. */
export type {
  AuditEntry,
  BranchLimit,
  Clearance,
  ClearRefusal,
  EnvironmentChanges,
  EnvironmentStore,
  ListedVolume,
  LiveLimits,
  NewEnvironment,
  Operation,
  OperationRole,
  QuotaKind,
  QuotaReason,
  QuotaWish,
  SpendLimit,
  ReserveReason,
  RevokeAppTokens,
  TokenReason,
  TokenVerifier,
  VerifiedCaller,
} from './ports.ts';
