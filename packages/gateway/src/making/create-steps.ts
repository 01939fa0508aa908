import type { AppWire, IpWire, UpstreamReason } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import type { Environment } from '../nouns.ts';
import { nameTaken } from './name-hold.ts';
import { sleep, type Deps } from '../deps.ts';
import type { EnvironmentChanges } from '../ports.ts';
import { storageSecretNamesFor } from '../profiles/profile.ts';
import { storageSecrets } from '../rules/storage-secrets.ts';
import type { SagaStep } from './saga.ts';
import { storagePolicy } from '../rules/bucket-iam-policy.ts';
import { upstreamError } from '../upstream/send.ts';

/** A new app may be invisible for a moment; this often it is looked for, with this pause. */
const VISIBILITY_TRIES = 10;
const VISIBILITY_PAUSE_MS = 200;

/**
 * What makes an environment, in order (docs/specs/gateway.md#creating). Names come from the row, so each step finds
 * its own work.
 */
export const CREATE_STEPS: readonly SagaStep[] = [
  {
    name: 'create.bucket',
    run: async (environment, { tigris }) => {
      await tigris.ensureBucket(environment.bucket);
      return {};
    },
  },
  { name: 'create.access-key', run: createAccessKey },
  {
    name: 'create.policy',
    run: async (environment, { tigris }) => ({
      policyArn: await tigris.ensurePolicy(environment.policyName, storagePolicy(environment.bucket)),
    }),
  },
  {
    name: 'create.attach',
    run: async (environment, { tigris }) => {
      await tigris.attachPolicy(known(environment.accessKeyId), known(environment.policyArn));
      return {};
    },
  },
  { name: 'create.app', run: createApp },
  { name: 'create.flycast', run: allocateFlycast },
  { name: 'create.secrets', run: setSecrets },
];

/** Where a sealed secret key belongs; a value moved to another row does not open. */
export function secretKeyPlace(environment: Pick<Environment, 'id'>): string {
  return `gateway_environments/sealed_secret_key/${environment.id}`;
}

/**
 * A secret is shown once. If an earlier try was cut off, its key is useless and is deleted before another is made; the
 * key has no rights yet in either case, since rights come with the policy.
 */
async function createAccessKey(
  environment: Environment,
  deps: Deps,
  repeated: boolean,
): Promise<EnvironmentChanges> {
  const { tigris, sealer } = deps;
  if (repeated) for (const id of await keysOf(environment, deps)) await tigris.deleteAccessKey(id);
  const { accessKeyId, secret } = await tigris.createAccessKey(environment.keyName);
  return { accessKeyId, sealedSecretKey: sealer.seal(secret.reveal(), secretKeyPlace(environment)) };
}

/** Ids of all keys that carry the environment's mark. */
export async function keysOf(environment: Environment, { tigris }: Deps): Promise<readonly string[]> {
  const keys = await tigris.listAccessKeys();
  const marked = keys.filter((key) => key.userName === environment.keyName).map((key) => key.accessKeyId);
  return environment.accessKeyId === undefined ? marked : [...new Set([...marked, environment.accessKeyId])];
}

async function createApp(environment: Environment, deps: Deps): Promise<EnvironmentChanges> {
  const { machines, organization } = deps;
  const made = await machines.createApp({
    name: environment.name,
    org_slug: organization,
    network: environment.network,
  });
  if (!made.ok) return await findApp(environment, deps, made.reason);
  const { id, internal_numeric_id: number } = made.value;
  if (id !== undefined && number !== undefined) return { upstreamId: id, numericId: BigInt(number) };
  return await findApp(environment, deps, { tag: 'timeout', detail: 'the new app is not visible yet' });
}

/**
 * Looks for an app whose creation has no clear answer. It is ours when it lives on the network that was made up for
 * this environment alone; a name taken by somebody else ends the creation with upstream's own words.
 */
async function findApp(
  environment: Environment,
  deps: Deps,
  why: UpstreamReason,
): Promise<EnvironmentChanges> {
  const refused = why.tag === 'refused';
  if (refused && why.status < 500 && !isNameTaken(why)) throw upstreamError(why, false);
  for (let tries = 0; tries < (refused ? 1 : VISIBILITY_TRIES); tries += 1) {
    const found = await deps.machines.getApp(environment.name);
    if (found.ok) {
      if (found.value.network === environment.network) return idsOf(found.value);
      throw nameTaken();
    }
    if (found.reason.tag === 'refused' && found.reason.status === 403) throw nameTaken();
    if (found.reason.tag !== 'refused' || found.reason.status !== 404)
      throw upstreamError(found.reason, false);
    if (why.tag === 'unreachable') break;
    await sleep(VISIBILITY_PAUSE_MS);
  }
  throw upstreamError(why, false);
}

function isNameTaken(reason: UpstreamReason): boolean {
  return upstreamError(reason, false).code === 'name_taken';
}

function idsOf(app: AppWire): EnvironmentChanges {
  if (app.internal_numeric_id === undefined) {
    throw new HangarError('upstream_failed', { status: 504, detail: 'the app has no internal_numeric_id' });
  }
  return { upstreamId: app.id ?? app.name, numericId: BigInt(app.internal_numeric_id) };
}

/** The private address by which the operator's other apps reach this one; upstream would else take the default network. */
async function allocateFlycast(
  environment: Environment,
  { machines, organization }: Deps,
): Promise<EnvironmentChanges> {
  const present = await machines.listIps(environment.name);
  if (!present.ok) throw upstreamError(present.reason, false);
  const known = present.value.find(isFlycast);
  if (known) return { flycastAddress: known.ip };
  const made = await machines.allocateIp(environment.name, {
    type: 'private_v6',
    org_slug: organization,
    network: environment.network,
  });
  if (!made.ok) throw upstreamError(made.reason, false);
  return { flycastAddress: made.value.ip };
}

/** Private addresses of Fly.io begin with fdaa:. */
function isFlycast(address: IpWire): boolean {
  return address.ip.startsWith('fdaa:');
}

async function setSecrets(environment: Environment, deps: Deps): Promise<EnvironmentChanges> {
  const sealed = environment.sealedSecretKey;
  if (sealed === undefined) throw new HangarError('internal', { detail: 'the secret key is missing' });
  const storage = {
    accessKeyId: known(environment.accessKeyId),
    secretAccessKey: deps.sealer.openText(sealed, secretKeyPlace(environment)),
    bucket: environment.bucket,
    endpoint: deps.storageEndpoint,
  };
  const set = await deps.machines.setSecrets(
    environment.name,
    storageSecrets(storage, storageSecretNamesFor(deps.profile)),
  );
  if (!set.ok) throw upstreamError(set.reason, true);
  return {};
}

function known<T>(value: T | undefined): T {
  if (value === undefined)
    throw new HangarError('internal', { detail: 'a step ran before the one it builds on' });
  return value;
}
