import { HangarError } from '@hangar/http';
import { keysOf } from './create-steps.ts';
import type { Environment } from '../nouns.ts';
import { sleep, type Deps } from '../deps.ts';
import type { EnvironmentChanges } from '../ports.ts';
import type { SagaStep } from './saga.ts';
import { upstreamError } from '../upstream/send.ts';

/** A deleted app stays visible for a while; so often it is looked for before the rest is left to the recovery task. */
const DISAPPEARANCE_TRIES = 15;
const DISAPPEARANCE_PAUSE_MS = 200;

/**
 * What unmakes an environment, in order: its tokens end first, then the key is shut off, so that nothing writes into the bucket while it is
 * emptied, and nothing is left that could (docs/specs/gateway.md#deleting). Also takes back a creation that was
 * refused halfway.
 */
export const DELETE_STEPS: readonly SagaStep[] = [
  { name: 'delete.tokens', run: revokeTokens },
  { name: 'delete.key-off', run: shutKeysOff },
  { name: 'delete.app', run: deleteApp },
  {
    name: 'delete.running-time',
    run: async (environment, { store, now }) => {
      await store.closeMachines(environment.id, now());
      return {};
    },
  },
  {
    name: 'delete.releases',
    run: async (environment, { store }) => {
      await store.dropReleases(environment.id);
      return {};
    },
  },
  { name: 'delete.bucket', run: deleteBucket },
  { name: 'delete.policy', run: deletePolicy },
  { name: 'delete.key', run: deleteKeys },
  // Until the row is a tombstone a token can still be minted for the app by its name.
  { name: 'delete.late-tokens', run: revokeTokens },
];

/** Ends the tokens that were minted for this app: they name a number that means nothing from now on. */
async function revokeTokens(
  { workspace, numericId }: Environment,
  { revokeAppTokens }: Deps,
): Promise<EnvironmentChanges> {
  if (numericId !== undefined) await revokeAppTokens({ workspace, app: numericId });
  return {};
}

/** Shuts off all keys that carry the environment's mark. */
export async function shutKeysOff(environment: Environment, deps: Deps): Promise<EnvironmentChanges> {
  for (const id of await keysOf(environment, deps)) await deps.tigris.deactivateAccessKey(id);
  return {};
}

/**
 * Deletes the app if it is ours, and looks until it is gone: an accepted deletion is not yet one
 * (docs/specs/gateway.md#deleting).
 */
async function deleteApp(environment: Environment, deps: Deps): Promise<EnvironmentChanges> {
  if (!(await isThere(environment, deps))) return {};
  const deleted = await deps.machines.deleteApp(environment.name);
  if (!deleted.ok && !(deleted.reason.tag === 'refused' && deleted.reason.status === 404)) {
    throw upstreamError(deleted.reason, true);
  }
  for (let tries = 0; tries < DISAPPEARANCE_TRIES; tries += 1) {
    if (!(await isThere(environment, deps))) return {};
    await sleep(DISAPPEARANCE_PAUSE_MS);
  }
  throw new HangarError('upstream_timeout', { detail: `the app ${environment.name} is still visible` });
}

/** By its network an app is ours; another one may have taken the name since. */
async function isThere(environment: Environment, { machines }: Deps): Promise<boolean> {
  const found = await machines.getApp(environment.name);
  if (found.ok) return found.value.network === environment.network;
  const { reason } = found;
  if (reason.tag === 'refused' && (reason.status === 404 || reason.status === 403)) return false;
  throw upstreamError(reason, true);
}

/** A bucket that we never got is not ours to delete, so it must be among our own. */
async function deleteBucket(environment: Environment, { tigris }: Deps): Promise<EnvironmentChanges> {
  const made = environment.journal.find(({ name }) => name === 'create.bucket');
  if (made?.finishedAt === undefined) {
    const ours = await tigris.listBuckets();
    if (!ours.some(({ name }) => name === environment.bucket)) return {};
  }
  await tigris.emptyAndDeleteBucket(environment.bucket);
  return {};
}

async function deletePolicy(environment: Environment, deps: Deps): Promise<EnvironmentChanges> {
  const { tigris } = deps;
  const begun = environment.journal.some(({ name }) => name === 'create.policy');
  const arns =
    environment.policyArn !== undefined || !begun
      ? [environment.policyArn]
      : (await tigris.listPolicies())
          .filter(({ name }) => name === environment.policyName)
          .map(({ arn }) => arn);
  for (const arn of arns) {
    if (arn === undefined) continue;
    for (const id of await keysOf(environment, deps)) await tigris.detachPolicy(id, arn);
    await tigris.deletePolicy(arn);
  }
  return { forgets: ['policyArn'] };
}

async function deleteKeys(environment: Environment, deps: Deps): Promise<EnvironmentChanges> {
  for (const id of await keysOf(environment, deps)) await deps.tigris.deleteAccessKey(id);
  return { forgets: ['accessKeyId', 'sealedSecretKey'] };
}
