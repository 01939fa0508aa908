import type { Result } from '@hangar/http';
import type { Workspace, Environment } from '../nouns.ts';
import type { AuthenticatedCaller, HangarFacts } from '@hangar/contract';
import type { EnvironmentRequest } from '../rules/environment-request.ts';
import type { OrganizationReason } from '../policy/org-policy.ts';

/** Everything a decision depends on besides the request itself. */
export interface Caller {
  readonly verified: AuthenticatedCaller;
  readonly workspace: Workspace;
  /** The live environment that the path names, whoever owns it. */
  readonly environment: Environment | undefined;
  /** What is to be made, when the request makes an environment. */
  readonly wish?: EnvironmentRequest;
  /** Words of a command to be executed, for caveats about commands. */
  readonly command?: readonly string[];
  /** What only Hangar's own caveats look at. */
  readonly facts?: CallerFacts;
  /** The verdict about the organization that the operator's token acts in. */
  readonly organization: Result<true, OrganizationReason>;
  readonly now: Date;
}

/** Facts about a request beside what it asks for: its origin, and the bounds of a command run. */
export type CallerFacts = Pick<HangarFacts, 'remoteAddress' | 'exec'>;
