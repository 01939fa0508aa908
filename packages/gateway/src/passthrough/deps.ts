import type { TigrisClient } from '@hangar/flyio/tigris';
import type { Clock, Log } from '@hangar/http';
import type { OrganizationRule } from '../policy/org-policy.ts';
import type { MachineProfile } from '../profiles/profile.ts';
import type { AppGate } from './app-gate.ts';
import type { CallerUpstream } from './caller-upstream.ts';
import type { OneAtATime } from './one-at-a-time.ts';

/** What the operations of this mode work with. */
export interface PassthroughDeps {
  readonly upstream: CallerUpstream;
  readonly tigris: TigrisClient;
  readonly rule: OrganizationRule;
  readonly gate: AppGate;
  /** Requests of one caller about the storage of one app, one after the other in this process. */
  readonly perApp: OneAtATime;
  readonly profile: MachineProfile;
  /** Where the buckets answer, as a machine sees it. */
  readonly storageEndpoint: string;
  /** The operator's own bucket, which is nobody's storage. */
  readonly ownBucket: string | undefined;
  /** How many apps of one organization may have storage. */
  readonly maxApps: number;
  readonly now: Clock;
  readonly log: Log;
}
