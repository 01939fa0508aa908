/** Who asks, and whether it may: what an authority tells a gateway. */
export type { AuthenticatedCaller, TokenVerifier } from './verifier.ts';
export type { TokenReason, TokenReasonCode } from './token-reason.ts';
export { tokenError } from './token-error.ts';

/** What a clearance leaves to be held, and why there is none. */
export type {
  BranchLimit,
  Clearance,
  ClearRefusal,
  ExecLimit,
  LiveLimit,
  SpendLimit,
  SpendPeriod,
} from './clearance.ts';

/** What Hangar's own caveats are asked about. */
export type { EnvironmentFacts, HangarFacts } from './facts.ts';

/** Work beside requests. */
export type { Task } from './task.ts';

/** The right to work on a row while no other process does. */
export { newLease, withLease, type Lease, type LeaseOptions, type LeaseRows } from './lease.ts';
