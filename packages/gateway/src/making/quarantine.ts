import { HangarError } from '@hangar/http';
import { shutKeysOff } from './delete-steps.ts';
import type { AuditedChange } from '../note/audited-change.ts';
import { isAtRest, type Environment } from '../nouns.ts';
import { claim } from './lease.ts';
import { sleep, type Deps } from '../deps.ts';
import {
  giveBack,
  giveBackForLater,
  keepsLease,
  record,
  runSteps,
  whileHeld,
  type SagaStep,
} from './saga.ts';

/** How long an undo waits for whoever works on the environment, such as the deletion that it undoes. */
const WAIT_TRIES = 25;
const WAIT_PAUSE_MS = 200;

/**
 * Machines of an environment whose extension ended are looked at again after this long, until a look as long after that end
 * finds all of them at rest. Shorter, and a create that was allowed just before the end comes after the last look; longer,
 * and a machine that would not stop runs on for that long.
 */
const LOOK_AGAIN_MS = 60_000;

/**
 * What ends the access to an environment and can be taken back without a loss. The gateway refuses its tokens by the phase
 * alone; its storage key is shut off here. Machines go on, so that an undo finds them running; when the whole extension
 * is gone nobody is left to undo, and {@link stopForGood} stops them.
 */
export const QUARANTINE_STEPS: readonly SagaStep[] = [{ name: 'quarantine.key-off', run: shutKeysOff }];

/** What an undo takes back. The first one that was begun is the decision: whoever finds it goes on with it. */
export const UNDELETE_STEPS: readonly SagaStep[] = [
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
export async function quarantine(
  id: string,
  deleteAfter: Date,
  deps: Deps,
  change?: AuditedChange,
): Promise<boolean> {
  const mine =
    (await claim(id, ['ready'], deps, { phase: 'quarantined', deleteAfter }, change)) ??
    (await claim(id, ['quarantined'], deps));
  if (!mine) return false;
  try {
    const { tag, due } = await keepQuarantined(mine, deps);
    if (due) await giveBack(due, undefined, deps);
    return tag !== 'back';
  } catch (error) {
    deps.log.warn({ environment: id, err: error }, 'a quarantine is left to the recovery task');
    return false;
  }
}

/**
 * What became of a quarantine. `kept` is given back until its time; `due` is in phase `deleting` and still leased; `back`
 * has its access again, since an undo had been begun.
 */
export type Kept =
  | { readonly tag: 'kept' | 'back'; readonly due?: undefined }
  | { readonly tag: 'due'; readonly due: Environment };

/** Goes on with a leased environment in phase `quarantined`, from wherever it stands. */
export async function keepQuarantined(environment: Environment, deps: Deps): Promise<Kept> {
  let kept = environment;
  try {
    if (isBeingUndone(environment)) {
      if (await isOpen(environment, deps)) {
        await bringBack(environment, deps);
        return { tag: 'back' };
      }
      kept = await record(environment, { journal: journalWithout(environment) }, deps);
    }
    const { deleteAfter } = kept;
    if (deleteAfter === undefined || deleteAfter <= deps.now())
      return { tag: 'due', due: await record(kept, { phase: 'deleting' }, deps) };
    await shutOff(kept, deps);
    return { tag: 'kept' };
  } catch (error) {
    if (keepsLease(error)) await giveBackForLater(environment, deps);
    throw error;
  }
}

/**
 * Undoes a deletion, up to its first destructive step. An environment that is ready already is the answer to a repeated
 * request.
 * @param change of the request that asks
 * @param mayStill throws when whoever asks may not do it any more; asked after every wait
 * @throws HangarError `state_conflict` once its deletion has begun, `gone` after it or after the end of its extension
 */
export async function undelete(
  id: string,
  mayStill: () => Promise<void>,
  deps: Deps,
  change?: AuditedChange,
): Promise<Environment> {
  for (let tries = 0; tries < WAIT_TRIES; tries += 1) {
    if (tries > 0) await mayStill();
    const mine = await claim(id, ['quarantined'], deps);
    if (mine) return await bringBack(mine, deps, change);
    const current = await deps.store.environment(id);
    if (current?.phase === 'ready') return current;
    if (current?.phase !== 'quarantined') throw tooLate(current);
    await sleep(WAIT_PAUSE_MS);
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

async function bringBack(environment: Environment, deps: Deps, change?: AuditedChange): Promise<Environment> {
  try {
    if (!(await isOpen(environment, deps))) throw closed();
    const back = await runSteps(environment, UNDELETE_STEPS, deps, change);
    const journal = journalWithout(back);
    const ready = await record(back, { phase: 'ready', forgets: ['deleteAfter'], journal }, deps, change);
    await giveBack(environment, undefined, deps);
    return ready;
  } catch (error) {
    if (error instanceof HangarError && error.code === 'gone') await shutAgain(environment, deps);
    else if (keepsLease(error)) await giveBackForLater(environment, deps);
    throw error;
  }
}

/** The extension ended while an undo was under way: what the undo switched on is switched off, here or by the task. */
async function shutAgain(environment: Environment, deps: Deps): Promise<void> {
  try {
    const kept = await record(environment, { journal: journalWithout(environment) }, deps);
    await shutOff(kept, deps);
  } catch (error) {
    deps.log.warn({ environment: environment.id, err: error }, 'a quarantine is left to the recovery task');
    if (keepsLease(error)) await giveBackForLater(environment, deps);
  }
}

function closed(): HangarError {
  return new HangarError('gone', { public: 'the organization of this environment was deleted' });
}

async function isOpen(environment: Environment, deps: Deps): Promise<boolean> {
  return (await closingOf(environment, deps)) === undefined;
}

/** When the extension of an environment ended. */
async function closingOf({ workspace }: Environment, { store }: Deps): Promise<Date | undefined> {
  return (await store.workspace(workspace))?.closedAt;
}

/** The journal as before the quarantine: then each of its steps runs again, and so does each of the undo. */
function journalWithout({ journal }: Environment): Environment['journal'] {
  const passed = [...QUARANTINE_STEPS, ...UNDELETE_STEPS].map(({ name }) => name);
  return journal.filter(({ name }) => !passed.includes(name));
}

function isBeingUndone({ journal }: Environment): boolean {
  return journal.some((step) => UNDELETE_STEPS.some(({ name }) => name === step.name));
}

/** Shuts a leased environment off, and gives it back until its end or the next look at its machines. */
async function shutOff(environment: Environment, deps: Deps): Promise<void> {
  await runSteps(environment, QUARANTINE_STEPS, deps);
  const isSettled = await whileHeld(environment, deps, async () => await stopForGood(environment, deps));
  const { deleteAfter } = environment;
  const again = new Date(deps.now().getTime() + LOOK_AGAIN_MS);
  const isLast = isSettled || deleteAfter === undefined || deleteAfter < again;
  await giveBack(environment, isLast ? deleteAfter : again, deps);
}

/** Stops what is not at rest after the end of the extension. Resolves to whether nothing will run there any more. */
async function stopForGood(environment: Environment, deps: Deps): Promise<boolean> {
  const closedAt = await closingOf(environment, deps);
  if (closedAt === undefined) return true;
  const lookedAt = deps.now();
  const { id, name } = environment;
  const listed = await deps.machines.listMachines(name);
  const isGone = !listed.ok && listed.reason.tag === 'refused' && listed.reason.status === 404;
  if (!listed.ok && !isGone) {
    deps.log.info({ environment: id, reason: listed.reason.tag }, 'machines could not be looked at');
    return false;
  }
  const going = (listed.ok ? listed.value : []).filter(({ state }) => !isAtRest(state));
  for (const { id: machine } of going) {
    const stopped = await deps.machines.stopMachine(name, machine);
    if (!stopped.ok) deps.log.info({ machine, reason: stopped.reason.tag }, 'a machine could not be stopped');
  }
  return going.length === 0 && lookedAt.getTime() >= closedAt.getTime() + LOOK_AGAIN_MS;
}
