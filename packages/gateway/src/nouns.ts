/** The nouns of the gateway: what is kept about a workspace, an environment, its machines and their running time. */

/** One extension of the environments provider. `number` is what goes into an Organization caveat. */
export interface Workspace {
  readonly number: bigint;
  /** What clients send as `org_slug`. */
  readonly slug: string;
  readonly extensionId: string;
  /** Fly.io's id of the customer's organization. */
  readonly organizationId: string;
  readonly createdAt: Date;
  readonly closedAt: Date | undefined;
}

/**
 * Where an environment stands. `undoing` takes back a refused create; `quarantined` has lost all access, keeps its data,
 * and goes back to `ready` or on to `deleting`; `failed` and `deleted` are tombstones that no longer hold the name.
 */
export type Phase = 'provisioning' | 'ready' | 'quarantined' | 'undoing' | 'failed' | 'deleting' | 'deleted';

/** Phases in which an environment shows up. */
export const LIVE_PHASES: readonly Phase[] = ['provisioning', 'ready', 'undoing', 'deleting'];

/** Phases in which a recorded sequence of steps still has to be finished by somebody. */
export const UNFINISHED_PHASES: readonly Phase[] = ['provisioning', 'quarantined', 'undoing', 'deleting'];

/** One recorded step: written before it runs, completed after. */
export interface Step {
  readonly name: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt?: string;
}

/** One user's app with its own network, bucket, access key and policy. */
export interface Environment {
  /** `env_` and a ULID. */
  readonly id: string;
  readonly workspace: bigint;
  /** The app's name, upstream too. */
  readonly name: string;
  readonly phase: Phase;
  /** Grows with every change of the phase: what was judged in one is not done in another. */
  readonly generation: number;
  /** Upstream's `internal_numeric_id`: the number in Apps caveats. Known once the app exists. */
  readonly numericId: bigint | undefined;
  readonly upstreamId: string | undefined;
  readonly network: string;
  readonly bucket: string;
  readonly keyName: string;
  readonly accessKeyId: string | undefined;
  readonly sealedSecretKey: Uint8Array | undefined;
  readonly policyName: string;
  readonly policyArn: string | undefined;
  readonly flycastAddress: string | undefined;
  /** The `app_role_id` that the app was made with. */
  readonly role: string | undefined;
  /** What its maker calls it; one without goes by its name. One environment of a workspace has it at a time. */
  readonly key: string | undefined;
  /** A word for its kind, for caveats that are about kinds. */
  readonly class: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** It is deleted then. */
  readonly expiresAt: Date | undefined;
  /** When `quarantined` ends in `deleting`, unless it is taken back before. */
  readonly deleteAfter: Date | undefined;
  readonly createdByToken: string;
  readonly createdByBranch: string;
  readonly journal: readonly Step[];
  readonly failure: string | undefined;
  /** Whoever works on it now. */
  readonly holder: string | undefined;
  /** Until then nobody else takes it up; without a holder it rests until then. */
  readonly heldUntil: Date | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly readyAt: Date | undefined;
  readonly deletedAt: Date | undefined;
}

/** The size of a machine, as far as it is metered. */
export interface Guest {
  readonly cpuKind: string;
  readonly cpus: number;
  readonly memoryMb: number;
}

/** Why a machine ended without being asked to, as its own events tell. */
export interface MachineFailure {
  /**
   * `restarting` ended again and again within minutes, whatever it is doing right now; `not_launched` never ran, as with an
   * image that is not there.
   */
  readonly reason: 'out_of_memory' | 'exited' | 'restarting' | 'not_launched';
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean;
  readonly at: Date;
}

/** A machine as last seen. */
export interface Machine {
  readonly id: string;
  readonly environment: string;
  readonly state: string;
  readonly region: string;
  readonly guest: Guest;
  readonly operation: string | undefined;
  readonly createdAt: Date;
  readonly observedAt: Date;
  readonly destroyedAt: Date | undefined;
  /** Undefined while all is well. */
  readonly failure: MachineFailure | undefined;
}

/** A time in which a machine ran. Open while `stoppedAt` is undefined. */
export interface Interval {
  readonly machine: string;
  readonly environment: string;
  readonly startedAt: Date;
  readonly stoppedAt: Date | undefined;
  readonly guest: Guest;
  readonly exact: boolean;
}

/** What an environment's machines are doing, taken together. */
export type Power = (typeof POWERS)[number];

export const POWERS = ['none', 'starting', 'running', 'failed', 'suspended', 'stopped'] as const;

const RUNNING_STATES: readonly string[] = [
  'started',
  'stopping',
  'suspending',
  'restarting',
  'updating',
  'replacing',
];
const STARTING_STATES: readonly string[] = ['creating', 'starting'];
/** States in which a machine no longer counts as one. */
export const GONE_STATES: readonly string[] = ['destroyed', 'destroying', 'replaced', 'migrated'];

/** True while a machine in this state is compute that is paid for. */
export function isRunning(state: string): boolean {
  return RUNNING_STATES.includes(state);
}

/** True when a machine in this state no longer counts as one. */
export function isGone(state: string): boolean {
  return GONE_STATES.includes(state);
}

/** States in which upstream itself has given a machine up. */
const FAILED_STATES: readonly string[] = ['failed', 'launch_failed'];

/** States in which a machine stays until somebody starts it. */
const RESTING_STATES: readonly string[] = ['stopped', 'suspended', ...FAILED_STATES, ...GONE_STATES];

/** True for a machine that neither runs nor is about to. One in a state that is not known is not at rest. */
export function isAtRest(state: string): boolean {
  return RESTING_STATES.includes(state);
}

/** True for a machine that is down, or goes down again and again, without having been asked to. */
export function hasFailed({ state, failure }: Pick<Machine, 'state' | 'failure'>): boolean {
  if (FAILED_STATES.includes(state) || failure?.reason === 'restarting') return true;
  return failure !== undefined && !isRunning(state) && !STARTING_STATES.includes(state);
}

/**
 * The busiest of the machines decides, and one that failed is more to look at than one that rests; no machine at all is
 * `none`.
 */
export function powerOf(machines: readonly Pick<Machine, 'state' | 'failure'>[]): Power {
  const alive = machines.filter(({ state }) => !isGone(state));
  if (alive.length === 0) return 'none';
  const well = alive.filter((machine) => !hasFailed(machine));
  if (well.some(({ state }) => isRunning(state))) return 'running';
  if (well.some(({ state }) => STARTING_STATES.includes(state))) return 'starting';
  if (well.length < alive.length) return 'failed';
  return well.some(({ state }) => state === 'suspended') ? 'suspended' : 'stopped';
}
