import { isJsonObject, type Fault, type Json } from '@hangar/flyio';
import { ok, refuse, type Result } from '@hangar/http';
import { isReservedSecret, SEED_SECRET_NAMES } from '../rules/storage-secrets.ts';
import { restart, textsIn, without } from './config-parts.ts';
import type { ProfileFacts } from './profile.ts';

/** One version for both containers: two that drift apart would not know each other's files. */
const IMAGE = 'flyio/app-storage:v0.0.4';
const VOLUME_PATH = '/dev/fly_vol';
const SHARED = 'shared';
const SHARED_PATH = '/data';
const SHARED_MB = 100;
const APP_IMAGE = 'app-image';
const APP_IMAGE_PATH = '/mnt/app-image';
const IMAGE_CONFIG_PATH = '/etc/app-image.json';
const DATA_PATH = 'FLY_USER_DATA_PATH';
/** Where the storage container tells that the bucket is mounted. */
const HEALTH_PORT = 9567;

/** What a machine of two containers reads elsewhere, or not at all. */
const MOVED: readonly string[] = ['containers', 'env', 'files', 'mounts', 'processes', 'restart', 'volumes'];

/** What the user asked for. */
interface Wished {
  readonly env: Json;
  readonly dataPath: string;
  readonly mount: Json | undefined;
  readonly files: readonly Json[];
  readonly restart: Json | undefined;
  readonly image: string;
}

/**
 * The profile `app-storage` of the user-env API, repaired (docs/specs/gateway.md#machine-profiles): the image of the user is a
 * volume, started inside a container of Fly.io's that has the bucket mounted; the mount of the user is the cache of the bucket
 * at `/dev/fly_vol`, and the path that was asked for is `FLY_USER_DATA_PATH`.
 */
export function toAppStorage(config: Json, facts: ProfileFacts): Result<Json, readonly Fault[]> {
  const plain = plainConfig(config);
  const faults = misfits(plain);
  if (faults.length > 0) return refuse(faults);
  const wished = wishedOf(plain);
  return ok({
    ...without(plain, MOVED),
    mounts: wished.mount === undefined ? [] : [{ ...wished.mount, path: VOLUME_PATH }],
    containers: [storageContainer(facts), appContainer(wished, facts)],
    volumes: [
      { name: SHARED, temp_dir: { storage_type: 'memory', size_mb: SHARED_MB } },
      { name: APP_IMAGE, image: wished.image },
    ],
  });
}

function storageContainer({ storageEndpoint }: ProfileFacts): Json {
  return {
    name: 'storage',
    image: IMAGE,
    cmd: ['/usr/local/bin/mount.sh'],
    env: { FLY_TIGRIS_ENDPOINT_URL: storageEndpoint, FLY_TIGRIS_REGION: 'auto' },
    secrets: [
      { env_var: 'S3_ACCESS_KEY', name: SEED_SECRET_NAMES.accessKeyId },
      { env_var: 'S3_SECRET_KEY', name: SEED_SECRET_NAMES.secretAccessKey },
      { env_var: 'BUCKET_NAME', name: SEED_SECRET_NAMES.bucket },
    ],
    mounts: [{ name: SHARED, path: SHARED_PATH }],
    healthchecks: [
      {
        name: 'mounted',
        kind: 'readiness',
        http: { method: 'HEAD', path: '/metrics', port: HEALTH_PORT, scheme: 'http' },
        interval: 1,
        failure_threshold: 5,
        success_threshold: 1,
        grace_period: 0,
      },
    ],
    // Without storage the app has nothing to write to.
    restart: { policy: 'on-failure' },
  };
}

function appContainer({ env, dataPath, files, image, ...wished }: Wished, { secrets }: ProfileFacts): Json {
  return {
    name: 'app',
    image: IMAGE,
    entrypoint: ['/usr/local/bin/fly-user-env.sh'],
    env: { ...env, [DATA_PATH]: dataPath },
    secrets: secrets.filter((name) => !isReservedSecret(name)).map((name) => ({ env_var: name, name })),
    files: [...files, { guest_path: IMAGE_CONFIG_PATH, image_config: image }],
    mounts: [
      { name: SHARED, path: SHARED_PATH },
      { name: APP_IMAGE, path: APP_IMAGE_PATH },
    ],
    depends_on: [{ name: 'storage', condition: 'healthy' }],
    restart: wished.restart,
  };
}

function wishedOf(plain: Json): Wished {
  const [mount] = objectsIn(plain['mounts']);
  const path = textIn(mount?.['path']);
  return {
    env: without(objectIn(plain['env']) ?? {}, [DATA_PATH]),
    dataPath: path === undefined || path === VOLUME_PATH ? SHARED_PATH : path,
    mount,
    // A file of the user's at the same path would be read as the config of another image.
    files: objectsIn(plain['files']).filter(({ guest_path: at }) => at !== IMAGE_CONFIG_PATH),
    restart: restart(plain['restart']),
    image: textIn(plain['image']) ?? '',
  };
}

/**
 * The config that a user would have written for what is in a rewritten one: clients send back what they were answered, with
 * changes. Nothing else is taken from it, so what the profile wrote cannot be forged. Any other config stays as it is.
 */
export function plainConfig(config: Json): Json {
  const [, app] = objectsIn(config['containers']);
  if (app === undefined || !isOurs(config)) return config;
  const { [DATA_PATH]: dataPath, ...env } = { ...objectIn(app['env']), ...objectIn(config['env']) };
  const [mount] = objectsIn(config['mounts']);
  const wished = {
    env,
    files: [...objectsIn(app['files']), ...objectsIn(config['files'])].filter(
      ({ guest_path: at }) => at !== IMAGE_CONFIG_PATH,
    ),
    restart: restart(config['restart']) ?? restart(app['restart']),
    mounts: mount === undefined ? [] : [{ ...mount, path: pathOf(mount, dataPath) }],
  };
  const said = Object.entries(wished).filter(([, member]) => member !== undefined);
  return { ...without(config, MOVED), ...Object.fromEntries(said) };
}

function pathOf({ path }: Json, dataPath: unknown): unknown {
  return path === VOLUME_PATH ? (textIn(dataPath) ?? SHARED_PATH) : path;
}

function isOurs({ containers, volumes }: Json): boolean {
  const names = (list: unknown): string =>
    objectsIn(list)
      .map(({ name }) => textIn(name))
      .join();
  const images = objectsIn(containers).map(({ image }) => image);
  return (
    names(containers) === 'storage,app' &&
    images.every((image) => image === IMAGE) &&
    names(volumes) === `${SHARED},${APP_IMAGE}`
  );
}

/** What the user asked for and would not get. */
function misfits(config: Json): readonly Fault[] {
  const faults: Fault[] = [];
  const say = (path: string, fault: string): void => void faults.push({ path: `config.${path}`, fault });
  const own = 'the machine profile app-storage';
  if (textIn(config['image']) === undefined) say('image', 'is needed');
  for (const member of ['containers', 'volumes'])
    if (objectsIn(config[member]).length > 0) say(member, `${own} makes them itself`);
  if (objectsIn(config['processes']).length > 0) say('processes', `${own} starts what the image says`);
  for (const member of ['cmd', 'entrypoint', 'exec'])
    if (textsIn(objectIn(config['init'])?.[member]).length > 0)
      say(`init.${member}`, `${own} starts what the image says`);
  if (objectsIn(config['mounts']).length > 1) say('mounts', `${own} has room for one`);
  for (const name of Object.keys(objectIn(config['env']) ?? {}))
    if (isReservedSecret(name)) say(`env.${name}`, 'this name is reserved for the storage of the app');
  return faults;
}

function objectIn(value: unknown): Json | undefined {
  return isJsonObject(value) ? value : undefined;
}

function objectsIn(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
