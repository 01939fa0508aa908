import { isObject, type JsonObject } from '../../world/json.ts';
import { invalidArgument } from '../request/refusal.ts';

const defaultGuest = { cpu_kind: 'shared', cpus: 1, memory_mb: 256 };

/** At most this much memory per shared CPU (docs/specs/platform.md#machine-config). */
const SHARED_MEMORY_PER_CPU_MB = 2048;

/**
 * The config that a machine really gets from the config of a request, whose names and types were looked at before. Throws a 400
 * refusal for one that cannot run.
 */
export function machineConfig(value: unknown): JsonObject {
  if (!isObject(value)) throw invalidArgument('config is required');
  const config = { ...value };
  const containers = config['containers'];
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
  return config;
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
  if (guest['cpu_kind'] === 'shared' && memory > cpus * SHARED_MEMORY_PER_CPU_MB) {
    throw invalidArgument(
      `config.guest.memory_mb: must be at most ${cpus * SHARED_MEMORY_PER_CPU_MB} MiB for ${cpus} shared CPUs`,
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
