/** The gateway: user environments behind the Machines API. */
export { createGateway, type Gateway, type GatewayOptions, type TokensDoor } from './gateway.ts';
/** The same with the caller's own Fly.io token, and how machine configs are rewritten. */
export { createPassthrough, type Passthrough, type PassthroughOptions } from './passthrough/passthrough.ts';
export type { MachineProfile } from './profiles/profile.ts';
export type { Environments, EnvironmentSummary, PowerChange } from './app-api.ts';
export type { Workspaces } from './workspaces.ts';

/** Deployments, as clients tell of them. */
export { ENDED_IN_VAIN, type NewRelease, type Release, type ReleaseStore } from './clients/release.ts';

/** What the operator decides: organizations, and sizes, which `@hangar/gateway/policy` reads. */
export { parseAllowedOrganizations, type AllowedOrganizations } from './policy/org-policy.ts';
export { DEFAULT_POLICY, type EnvironmentPolicy } from './policy/policy.ts';

/** The decision about a request, without any effect, and the table it is made from. */
export { verdictOn, type Verdict } from './decide/decide.ts';
export { accessOf } from './decide/access.ts';
export type { Caller, CallerFacts } from './locate/caller.ts';
export { planRequest, type RequestPlan } from './request/plan.ts';
export { environmentOf } from './locate/located-request.ts';
export { routes } from './request/routes.ts';
export type { Method, Resource, Route, Treatment } from './request/route.ts';

/** Usage: running times cut at hours or days. */
export { cutUsage, type Granularity, type Meter, type Prices, type UsageRecord } from './metering/usage.ts';

/** What the gateway keeps, and the words for it. */
export { GONE_STATES, hasFailed, isGone, powerOf, UNFINISHED_PHASES } from './nouns.ts';
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
} from './nouns.ts';

/** What the gateway needs from outside: rows, and an end for tokens. */
export type {
  AuditEntry,
  Change,
  ChangePage,
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
  ReserveReason,
  RevokeAppTokens,
} from './ports.ts';

/** For whoever keeps the audit trail. */
export { AUDIT_SAME_MS } from './note/audit-queue.ts';
