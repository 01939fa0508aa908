import { HangarError } from '@hangar/security';
import { shutKeysOff } from './delete-steps.ts';
import { isRunning, type Environment } from './environment.ts';
import { claim } from './lease.ts';
import { pause, type Parts } from './parts.ts';
import type { EnvironmentChanges } from './ports.ts';
import { giveBack, giveBackForLater, keepsLease, record, runSteps, type SagaStep } from './saga.ts';
import { upstreamError } from './upstream.ts';

/** How long an undo waits for whoever works on the environment, such as the deletion that it undoes. */
const WAIT_TRIES = 25;
const WAIT_PAUSE_MS = 200;

/**
 * What ends the access to an environment and can be taken back without a loss. The gateway refuses its tokens by the phase
 * alone; its storage key is shut off here. Machines go on, so that an undo finds them running; when the whole extension
 * is gone nobody is left to undo, and they are stopped.
 */
export const quarantineSteps: readonly SagaStep[] = [
  { name: 'quarantine.key-off', run: shutKeysOff },
  { name: 'quarantine.machines', run: stopMachinesOfTheClosed },
];

/** What an undo takes back. The first one that was begun is the decision: whoever finds it goes on with it. */
export const undeleteSteps: readonly SagaStep[] = [
  {
    name: 'undelete.key-on',
    run: async ({ accessKeyId }, { tigris }) => {
      if (accessKeyId !== undefined) await tigris.activateAccessKey(accessKeyId);
      return {};
    },
  },
];

/**
 * Quarantines an environment that is ready until `deleteAfter`. One that is quarantined already keeps its own end. Resolves
 * to whether its access is shut off; what is not is left to the recovery task.
 */
export async function quarantine(id: string, deleteAfter: Date, parts: Parts): Promise<boolean> {
  const mine =
    (await claim(id, ['ready'], parts, { phase: 'quarantined', deleteAfter })) ??
    (await claim(id, ['quarantined'], parts));
  if (!mine) return false;
  try {
    const due = await keepQuarantined(mine, parts);
    if (due) await giveBack(due, undefined, parts);
    return true;
  } catch (error) {
    parts.log.warn({ environment: id, err: error }, 'a quarantine is left to the recovery task');
    return false;
  }
}

/**
 * Goes on with a leased environment in phase `quarantined`, from wherever it stands. Answers it, in phase `deleting` and
 * still leased, when its time is over; otherwise it is given back until then.
 */
export async function keepQuarantined(
  environment: Environment,
  parts: Parts,
): Promise<Environment | undefined> {
  try {
    if (isBeingUndone(environment)) {
      await bringBack(environment, parts);
      return undefined;
    }
    const { deleteAfter } = environment;
    if (deleteAfter === undefined || deleteAfter <= parts.now())
      return await record(environment, { phase: 'deleting' }, parts);
    await runSteps(environment, quarantineSteps, parts);
    await giveBack(environment, deleteAfter, parts);
    return undefined;
  } catch (error) {
    if (keepsLease(error)) await giveBackForLater(environment, parts);
    throw error;
  }
}

/**
 * Undoes a deletion, up to its first destructive step. An environment that is ready already is the answer to a repeated
 * request.
 * @throws HangarError `state_conflict` once its deletion has begun, `gone` after it
 */
export async function undelete(id: string, parts: Parts): Promise<Environment> {
  for (let tries = 0; tries < WAIT_TRIES; tries += 1) {
    const mine = await claim(id, ['quarantined'], parts);
    if (mine) return await bringBack(mine, parts);
    const current = await parts.store.environment(id);
    if (current?.phase === 'ready') return current;
    if (current?.phase !== 'quarantined') throw tooLate(current);
    await pause(WAIT_PAUSE_MS);
  }
  throw new HangarError('state_conflict', {
    public: 'another process is working on this environment',
    retryAfterSeconds: 2,
  });
}

function tooLate(current: Environment | undefined): HangarError {
  if (current === undefined) return new HangarError('not_found', { public: 'environment not found' });
  if (current.phase === 'deleted' || current.phase === 'failed')
    return new HangarError('gone', { public: 'the environment is deleted' });
  return new HangarError('state_conflict', {
    public:
      current.phase === 'provisioning'
        ? 'the environment is still being set up'
        : 'the deletion of the environment has begun and cannot be undone any more',
    extra: { state: current.phase },
  });
}

async function bringBack(environment: Environment, parts: Parts): Promise<Environment> {
  try {
    const back = await runSteps(environment, undeleteSteps, parts);
    const passed = [...quarantineSteps, ...undeleteSteps].map(({ name }) => name);
    const journal = back.journal.filter(({ name }) => !passed.includes(name));
    const ready = await record(back, { phase: 'ready', deleteAfter: null, journal }, parts);
    await giveBack(environment, undefined, parts);
    return ready;
  } catch (error) {
    if (keepsLease(error)) await giveBackForLater(environment, parts);
    throw error;
  }
}

function isBeingUndone({ journal }: Environment): boolean {
  return journal.some((step) => undeleteSteps.some(({ name }) => name === step.name));
}

async function stopMachinesOfTheClosed(
  { workspace, name }: Environment,
  { store, machines }: Parts,
): Promise<EnvironmentChanges> {
  if ((await store.workspace(workspace))?.closedAt === undefined) return {};
  const listed = await machines.listMachines(name);
  if (!listed.ok) {
    if (listed.reason.tag === 'refused' && listed.reason.status === 404) return {};
    throw upstreamError(listed.reason, true);
  }
  for (const { id, state } of listed.value) {
    if (!isRunning(state)) continue;
    const stopped = await machines.stopMachine(name, id);
    // One that ends by itself at this moment is refused with 412, and has what it should have.
    if (!stopped.ok && stopped.reason.tag !== 'refused') throw upstreamError(stopped.reason, true);
  }
  return {};
}
