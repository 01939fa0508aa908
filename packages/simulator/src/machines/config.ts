import type { JsonObject } from '../world/platform.ts';
import { isObject, withoutNulls } from './body.ts';
import { invalidArgument } from './refusal.ts';

/** Members of a machine config (spec 3.9). Others are dropped without a word, as Fly.io does. */
const configMembers: ReadonlySet<string> = new Set(
  (
    'image guest env init metadata mounts services metrics checks statics files schedule auto_destroy restart dns processes ' +
    'standbys stop_config containers volumes rootfs cache_drive spot size disable_machine_autostart'
  ).split(' '),
);

/** Members of a container; `command` is not one of them, and whoever writes it finds it ignored. */
const containerMembers: ReadonlySet<string> = new Set(
  'name image exec entrypoint cmd user env env_from secrets files restart stop depends_on healthchecks mounts'.split(
    ' ',
  ),
);

const defaultGuest = { cpu_kind: 'shared', cpus: 1, memory_mb: 256 };

/** At most this much memory per shared CPU (spec 3.9, presets). */
const sharedMemoryPerCpuMb = 2048;

/** The config that a machine really gets from a request. Throws a 400 refusal for one that cannot run. */
export function machineConfig(value: unknown): JsonObject {
  if (!isObject(value)) throw invalidArgument('config is required');
  const config = keep(withoutNulls(value) as JsonObject, configMembers);
  const containers = config['containers'];
  if (Array.isArray(containers)) {
    config['containers'] = containers.filter(isObject).map((one) => keep(one, containerMembers));
  }
  const containerImages =
    Array.isArray(containers) && containers.some((one) => isObject(one) && one['image']);
  if ((typeof config['image'] !== 'string' || config['image'] === '') && !containerImages) {
    throw invalidArgument('config.image: is required');
  }
  config['guest'] = guestOf(config);
  if (Array.isArray(config['services']))
    config['services'] = config['services'].filter(isObject).map(serviceOf);
  if (Array.isArray(config['mounts']) && config['mounts'].length > 1) {
    throw invalidArgument('config.mounts: machines may have at most one mount');
  }
  checkEnvironment(config['env']);
  return config;
}

function keep(value: JsonObject, members: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => members.has(name)));
}

function guestOf(config: JsonObject): JsonObject {
  const asked = isObject(config['guest']) ? config['guest'] : {};
  const guest: JsonObject = { ...preset(config['size']), ...asked };
  const cpus = guest['cpus'];
  const memory = guest['memory_mb'];
  if (typeof cpus !== 'number' || typeof memory !== 'number' || cpus < 1 || memory < 256) {
    throw invalidArgument('config.guest: cpus and memory_mb are not valid');
  }
  if (memory % 256 !== 0) throw invalidArgument('config.guest.memory_mb: must be a multiple of 256');
  if (guest['cpu_kind'] === 'shared' && memory > cpus * sharedMemoryPerCpuMb) {
    throw invalidArgument(
      `config.guest.memory_mb: must be at most ${cpus * sharedMemoryPerCpuMb} MiB for ${cpus} shared CPUs`,
    );
  }
  return guest;
}

function preset(size: unknown): JsonObject {
  const found = typeof size === 'string' ? /^(shared-cpu|performance)-(\d+)x$/.exec(size) : null;
  if (!found) return defaultGuest;
  const cpus = Number(found[2]);
  const shared = found[1] === 'shared-cpu';
  return { cpu_kind: shared ? 'shared' : 'performance', cpus, memory_mb: cpus * (shared ? 256 : 2048) };
}

/** `autostop` comes in as a word or a flag and goes out as false, true or "suspend". */
function serviceOf(service: JsonObject): JsonObject {
  if (!('autostop' in service)) return service;
  const spoken: Record<string, unknown> = { off: false, stop: true };
  const autostop = service['autostop'];
  return { ...service, autostop: typeof autostop === 'string' ? (spoken[autostop] ?? autostop) : autostop };
}

function checkEnvironment(env: unknown): void {
  if (env === undefined) return;
  if (!isObject(env)) throw invalidArgument('config.env: must be an object');
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== 'string') {
      throw invalidArgument(
        `json: cannot unmarshal ${typeof value} into Go struct field config.env.${name} of type string`,
      );
    }
  }
}
