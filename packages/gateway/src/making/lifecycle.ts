import { asHangarError, HangarError } from '@hangar/http';
import { createSteps } from './create-steps.ts';
import { deleteSteps } from './delete-steps.ts';
import type { Environment, Phase } from '../nouns.ts';
import type { Parts } from '../deps.ts';
import { keepQuarantined } from './quarantine.ts';
import { giveBack, giveBackForLater, isPassing, keepsLease, record, runSteps } from './saga.ts';

/** A creation that could not be finished in this time is taken back. */
const giveUpMs = 15 * 60_000;

/**
 * Makes what a leased row in phase `provisioning` describes, from wherever it stands. A refusal takes everything back
 * and is thrown; a passing failure leaves the row as it is, for a repeated request or the recovery task.
 */
export async function make(environment: Environment, parts: Parts): Promise<Environment> {
  let refusal: HangarError;
  try {
    const made = await runSteps(environment, createSteps, parts);
    const ready = await record(made, { phase: 'ready', readyAt: parts.now() }, parts);
    await giveBack(environment, undefined, parts);
    return ready;
  } catch (error) {
    refusal = asHangarError(error);
    if (isPassing(error)) {
      await giveBackForLater(environment, parts);
      throw unfinished(refusal);
    }
    // What was not thrown on purpose is a defect or a crash, and a lost lease means that another one works on it.
    if (!(error instanceof HangarError) || refusal.code === 'state_conflict' || refusal.code === 'internal')
      throw error;
  }
  await takeBack(environment, refusal, parts);
  throw refusal;
}

/** 504, since a part has been written upstream; the same request goes on where this one stopped. */
function unfinished(error: HangarError): HangarError {
  return new HangarError(error.code, {
    status: 504,
    public: 'the app could not be set up completely yet; send the same request again to go on',
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    cause: error,
  });
}

/**
 * Undoes a refused creation as far as it goes now. The refusal stays the answer, whatever the undoing meets
 * (docs/specs/gateway.md#creating).
 */
async function takeBack(environment: Environment, refusal: HangarError, parts: Parts): Promise<void> {
  try {
    const latest = await record(environment, { phase: 'undoing', failure: refusal.code }, parts);
    await unmake(latest, parts);
  } catch (error) {
    parts.log.warn(
      { environment: environment.id, err: error },
      'a refused creation could not be undone at once',
    );
  }
}

/** Unmakes a leased row in phase `deleting` or `undoing`, from wherever it stands, and buries it. */
export async function unmake(environment: Environment, parts: Parts): Promise<Environment> {
  try {
    const unmade = await runSteps(environment, deleteSteps, parts);
    const phase: Phase = environment.phase === 'undoing' ? 'failed' : 'deleted';
    const buried = await record(unmade, { phase, deletedAt: parts.now() }, parts);
    await giveBack(environment, undefined, parts);
    return buried;
  } catch (error) {
    if (keepsLease(error)) await giveBackForLater(environment, parts);
    throw error;
  }
}

/** Goes on with an environment whose maker or unmaker is gone, or whose time has come. */
export async function resume(environment: Environment, parts: Parts): Promise<void> {
  if (environment.phase === 'quarantined') {
    const { due } = await keepQuarantined(environment, parts);
    if (due) await unmake(due, parts);
    return;
  }
  if (environment.phase !== 'provisioning') {
    await unmake(environment, parts);
    return;
  }
  if (parts.now().getTime() - environment.createdAt.getTime() < giveUpMs) {
    await make(environment, parts);
    return;
  }
  const undoing = await record(environment, { phase: 'undoing', failure: 'upstream_timeout' }, parts);
  await unmake(undoing, parts);
}
