import type { MachinesClient, Upstream } from '@hangar/flyio';
import type { TigrisClient } from '@hangar/flyio/tigris';
import type { Clock, Log } from '@hangar/http';
import type { Sealer } from '@hangar/security';
import type { Clients } from './clients/clients.ts';
import type { CountAges } from './reserve/count-ages.ts';
import type { LocatorMemory } from './locate/memory.ts';
import type { EnvironmentPolicy } from './policy/policy.ts';
import type { RevokeAppTokens, EnvironmentStore } from './ports.ts';
import type { MachineProfile } from './profiles/profile.ts';
import type { Prices } from './metering/usage.ts';

/** What the operations work with. */
export interface Deps {
  readonly store: EnvironmentStore;
  readonly machines: MachinesClient;
  /** api.fly.io with the operator's token. */
  readonly api: Pick<Upstream, 'send'>;
  readonly clients: Clients;
  readonly tigris: TigrisClient;
  readonly sealer: Sealer;
  readonly revokeAppTokens: RevokeAppTokens;
  /** Marks what this installation made, in names and metadata. */
  readonly installation: string;
  /** The operator's organization upstream, in which all apps live. */
  readonly organization: string;
  readonly storageEndpoint: string;
  /** How machine configs are rewritten. */
  readonly profile: MachineProfile;
  readonly policy: EnvironmentPolicy;
  readonly countAges: CountAges;
  /** What is remembered between requests. */
  readonly memory: LocatorMemory;
  readonly prices: Prices | undefined;
  /** How long the audit trail goes back. */
  readonly auditDays: number;
  readonly now: Clock;
  readonly log: Log;
}

/** Pauses for real; only ever between two looks at something outside. */
export async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
