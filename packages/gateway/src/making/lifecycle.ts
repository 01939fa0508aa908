import { asHangarError, HangarError } from '@hangar/http';
import { CREATE_STEPS } from './create-steps.ts';
import { DELETE_STEPS } from './delete-steps.ts';
import type { Environment, Phase } from '../nouns.ts';
import type { Deps } from '../deps.ts';
import { keepQuarantined } from './quarantine.ts';
import { giveBack, giveBackForLater, isPassing, keepsLease, record, runSteps } from './saga.ts';

/** A creation that could not be finished in this time is taken back. */
const GIVE_UP_MS = 15 * 60_000;

/**
 * Makes what a leased row in phase `provisioning` describes, from wherever it stands. A refusal takes everything back
 * and is thrown; a passing failure leaves the row as it is, for a repeated request or the recovery task.
 */
export async function make(environment: Environment, deps: Deps): Promise<Environment> {
  let refusal: HangarError;
  try {
    const made = await runSteps(environment, CREATE_STEPS, deps);
    const ready = await record(made, { phase: 'ready', readyAt: deps.now() }, deps);
    await giveBack(environment, undefined, deps);
    return ready;
  } catch (error) {
    refusal = asHangarError(error);
    if (isPassing(error)) {
      await giveBackForLater(environment, deps);
      throw unfinished(refusal);
    }
    // What was not thrown on purpose is a defect or a crash, and a lost lease means that another one works on it.
    if (!(error instanceof HangarError) || refusal.code === 'state_conflict' || refusal.code === 'internal')
      throw error;
  }
  await takeBack(environment, refusal, deps);
  throw refusal;
}

/** 504, since a part has been written upstream; the same request goes on where this one stopped. */
function unfinished(error: HangarError): HangarError {
  return new HangarError(error.code, {
    status: 504,
    public: 'the app could not be set up completely yet; send the same request again to go on',
    detail: error.detail,
    cause: error,
  });
}

/**
 * Undoes a refused creation as far as it goes now. The refusal stays the answer, whatever the undoing meets
 * (docs/specs/gateway.md#creating).
 */
async function takeBack(environment: Environment, refusal: HangarError, deps: Deps): Promise<void> {
  try {
    const latest = await record(environment, { phase: 'undoing', failure: refusal.code }, deps);
    await unmake(latest, deps);
  } catch (error) {
    deps.log.warn(
      { environment: environment.id, err: error },
      'a refused creation could not be undone at once',
    );
  }
}

/** Unmakes a leased row in phase `deleting` or `undoing`, from wherever it stands, and buries it. */
export async function unmake(environment: Environment, deps: Deps): Promise<Environment> {
  try {
    const unmade = await runSteps(environment, DELETE_STEPS, deps);
    const phase: Phase = environment.phase === 'undoing' ? 'failed' : 'deleted';
    const buried = await record(unmade, { phase, deletedAt: deps.now() }, deps);
    await giveBack(environment, undefined, deps);
    return buried;
  } catch (error) {
    if (keepsLease(error)) await giveBackForLater(environment, deps);
    throw error;
  }
}

/** Goes on with an environment whose maker or unmaker is gone, or whose time has come. */
export async function resume(environment: Environment, deps: Deps): Promise<void> {
  if (environment.phase === 'quarantined') {
    const { due } = await keepQuarantined(environment, deps);
    if (due) await unmake(due, deps);
    return;
  }
  if (environment.phase !== 'provisioning') {
    await unmake(environment, deps);
    return;
  }
  if (deps.now().getTime() - environment.createdAt.getTime() < GIVE_UP_MS) {
    await make(environment, deps);
    return;
  }
  const undoing = await record(environment, { phase: 'undoing', failure: 'upstream_timeout' }, deps);
  await unmake(undoing, deps);
}
