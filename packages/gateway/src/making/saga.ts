import { withLease, type Lease } from '@hangar/contract';
import { asHangarError, HangarError } from '@hangar/http';
import { opening, type AuditedChange } from '../note/audited-change.ts';
import type { Environment, Step } from '../nouns.ts';
import { sleep, type Deps } from '../deps.ts';
import type { EnvironmentChanges } from '../ports.ts';

/** One step of making or unmaking an environment. It may run again after a crash and then finds what it left behind. */
export interface SagaStep {
  readonly name: string;
  /**
   * @param repeated the journal says that the step was begun before and not finished
   * @returns what was learnt, to be recorded together with the end of the step
   */
  run(environment: Environment, deps: Deps, repeated: boolean): Promise<EnvironmentChanges>;
}

/**
 * How long a process may be silent before another one takes its work over. Shorter, and a busy event loop would lose its
 * work to a neighbour; longer, and a customer whose process was killed waits that long for the next one.
 */
export const LEASE_MS = 12_000;
/** Three missed heartbeats make a lapsed lease. */
export const HEARTBEAT_MS = 3_000;

/** A step that failed for a passing reason is tried again after these pauses; then it is left for later. */
const RETRY_PAUSES_MS: readonly number[] = [150, 500];

const PASSING_CODES: readonly string[] = [
  'upstream_unreachable',
  'discharge_expired',
  'discharge_required',
  'upstream_timeout',
  'upstream_failed',
  'rate_limited',
  'unavailable',
];

/** True for a failure that says nothing about the request: the same step may succeed later. */
export function isPassing(error: unknown): boolean {
  return PASSING_CODES.includes(asHangarError(error).code);
}

/**
 * True for a failure after which the lease may be given back: not for a defect or a crash, which leave it to lapse, and not
 * when another process has it by now.
 */
export function keepsLease(error: unknown): boolean {
  if (isPassing(error)) return true;
  return error instanceof HangarError && error.code !== 'state_conflict';
}

/** After a passing failure the recovery task waits this long. */
const LATER_MS = 15_000;

/** After a failure that may pass. */
export async function giveBackForLater(
  environment: Environment,
  deps: Pick<Deps, 'store' | 'log' | 'now'>,
): Promise<void> {
  await giveBack(environment, new Date(deps.now().getTime() + LATER_MS), deps);
}

/** Gives a lease back, for everybody or until a time. When the database is away it lapses by itself. */
export async function giveBack(
  environment: Environment,
  notBefore: Date | undefined,
  { store, log }: Pick<Deps, 'store' | 'log'>,
): Promise<void> {
  const { id } = environment;
  try {
    await store.release({ id, holder: leaseOf(environment).holder, notBefore });
  } catch (error) {
    if (!isPassing(error)) throw error;
    log.warn({ environment: id, err: error }, 'the lease of an environment is left to lapse');
  }
}

/**
 * Runs the steps that the journal does not show as finished. Each is recorded before it runs and completed with what it
 * learnt, so that whoever comes after a crash knows what may have happened (docs/specs/gateway.md#creating).
 *
 * @param change of the request that these steps are the beginning of: its row is opened with the first of them
 * @throws HangarError the failure of a step, or `state_conflict` when another process took the lease
 */
export async function runSteps(
  start: Environment,
  steps: readonly SagaStep[],
  deps: Deps,
  change?: AuditedChange,
): Promise<Environment> {
  return await whileHeld(start, deps, async (lost) => {
    let environment = start;
    for (const step of steps) {
      const entry = environment.journal.find(({ name }) => name === step.name);
      if (entry?.finishedAt !== undefined) continue;
      const journal = begun(environment.journal, step.name, deps.now());
      environment = await record(environment, { journal }, deps, change);
      const changes = await attempt(step, environment, deps, { repeated: entry !== undefined, lost });
      const done = finished(environment.journal, step.name, deps.now());
      environment = await record(environment, { ...changes, journal: done }, deps);
    }
    return environment;
  });
}

/** Prolongs a lease while the work on its environment goes on. */
export async function whileHeld<T>(
  environment: Environment,
  deps: Deps,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const { store, now, log } = deps;
  const prolong = async (id: string, lease: Lease): Promise<boolean> =>
    (await store.record({ id, lease, now: now(), changes: {} })) !== undefined;
  const options = { lease: leaseOf(environment), leaseMs: LEASE_MS, beatMs: HEARTBEAT_MS, now, log };
  return await withLease({ prolong }, environment.id, options, work);
}

async function attempt(
  step: SagaStep,
  environment: Environment,
  deps: Deps,
  run: { readonly repeated: boolean; readonly lost: AbortSignal },
) {
  let { repeated } = run;
  for (const wait of RETRY_PAUSES_MS) {
    try {
      return await step.run(environment, deps, repeated);
    } catch (error) {
      if (!isPassing(error)) throw error;
      deps.log.info(
        { environment: environment.id, step: step.name, err: error },
        'a step will be tried again',
      );
    }
    repeated = true;
    await sleep(wait);
    if (run.lost.aborted) throw takenOver();
  }
  return await step.run(environment, deps, true);
}

/**
 * Writes under the lease.
 * @throws HangarError `state_conflict` when another process took it, `gone` when the environment would become `ready` in a
 *   workspace that was closed meanwhile
 */
export async function record(
  environment: Environment,
  changes: EnvironmentChanges,
  { store, now }: Pick<Deps, 'store' | 'now'>,
  change?: AuditedChange,
): Promise<Environment> {
  const at = now();
  const lease = { ...leaseOf(environment), heldUntil: new Date(at.getTime() + LEASE_MS) };
  const wanted = { id: environment.id, lease, now: at, changes };
  const written = await opening(
    change,
    async (audit) => await store.record({ ...wanted, audit }),
    (row) => row !== undefined,
  );
  if (written) return written;
  if (changes.phase === 'ready' && (await store.workspace(environment.workspace))?.closedAt !== undefined)
    throw new HangarError('gone', { public: 'the organization of this environment was deleted' });
  throw takenOver();
}

function takenOver(): HangarError {
  return new HangarError('state_conflict', {
    public: 'another process is working on this app',
    retryAfterSeconds: 2,
  });
}

/** The lease that an environment was claimed with. */
function leaseOf({ id, holder, heldUntil }: Environment): Lease {
  if (holder === undefined || heldUntil === undefined)
    throw new HangarError('internal', { detail: `nobody holds the lease of ${id}` });
  return { holder, heldUntil };
}

function begun(journal: readonly Step[], name: string, at: Date): readonly Step[] {
  return [...journal.filter((step) => step.name !== name), { name, startedAt: at.toISOString() }];
}

function finished(journal: readonly Step[], name: string, at: Date): readonly Step[] {
  return journal.map((step) => (step.name === name ? { ...step, finishedAt: at.toISOString() } : step));
}
