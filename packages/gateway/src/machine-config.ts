import { HangarError, isImage } from '@hangar/security';
import { checkImage, checkRegion, checkVolumeSize, policyError, type EnvironmentPolicy } from './policy.ts';
import { isReservedSecret } from './reserved.ts';

/** Members of the create and update bodies that upstream knows (machines-openapi.json, fly-go's LaunchMachineInput). */
const bodyKeys: readonly string[] = [
  'config',
  'current_version',
  'lease_ttl',
  'min_secrets_version',
  'name',
  'region',
  'skip_launch',
  'skip_secrets',
  'skip_service_registration',
];

/** Members of a machine config that a tenant may set. The rest can reach past the environment, or is not known yet. */
const configKeys: readonly string[] = [
  'auto_destroy',
  'checks',
  'containers',
  'disable_machine_autostart',
  'env',
  'files',
  'guest',
  'image',
  'init',
  'metadata',
  'metrics',
  'mounts',
  'processes',
  'restart',
  'rootfs',
  'schedule',
  'services',
  'size',
  'statics',
  'stop_config',
  'volumes',
];
/** The JSON type of members that no other check looks into; a wrong one would come back as it went in. */
const memberTypes: Readonly<Record<string, 'text' | 'boolean' | 'object' | 'list'>> = {
  auto_destroy: 'boolean',
  checks: 'object',
  containers: 'list',
  disable_machine_autostart: 'boolean',
  env: 'object',
  files: 'list',
  metrics: 'list',
  mounts: 'list',
  processes: 'list',
  restart: 'object',
  rootfs: 'object',
  schedule: 'text',
  services: 'list',
  statics: 'list',
  stop_config: 'object',
  volumes: 'list',
};

const guestKeys: readonly string[] = ['cpu_kind', 'cpus', 'memory_mb', 'max_memory_mb', 'persist_rootfs'];
const initKeys: readonly string[] = ['cmd', 'entrypoint', 'exec', 'swap_size_mb', 'tty'];

/** Marks that only the gateway writes. */
export const reservedMetadata = 'hangar_';

type Json = Readonly<Record<string, unknown>>;

/** A body that passed, with the volumes it wants to mount (their owner is still to be checked). */
export interface CheckedMachineBody {
  readonly body: Json;
  readonly config: Json;
  readonly volumes: readonly string[];
}

/** True for a plain JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Checks the body of a machine's create or update; both go through the same gate, since an update replaces the whole
 * config (defect U4). Unknown members are refused: upstream may give them a meaning that reaches other tenants.
 * @throws HangarError `invalid` naming the field, or `policy_denied` naming the rule.
 */
export function checkMachineBody(body: unknown, policy: EnvironmentPolicy): CheckedMachineBody {
  if (!isObject(body)) throw invalid('body', 'a JSON object is needed');
  // Clients written in Go send unset members as null; null is absent everywhere (fly-platform.md 3.4).
  const present = withoutNulls(body);
  onlyKeys(present, bodyKeys, '');
  if (!isObject(present['config'])) throw invalid('config', 'an object is needed');
  const config = withoutNulls(present['config']);
  onlyKeys(config, configKeys, 'config.');
  checkTypes(present, config);
  if (present['region'] !== undefined)
    refuseIf(checkRegion(text(present['region'], 'region'), 'region', policy));
  checkGuest(config, policy);
  checkImages(config, policy);
  checkNames(config);
  const volumes = checkMounts(config, policy);
  return { body: { ...present, config }, config, volumes };
}

function checkTypes(body: Json, config: Json): void {
  for (const [name, type] of Object.entries(memberTypes)) {
    const value = config[name];
    if (value !== undefined && !hasType(value, type))
      throw invalid(`config.${name}`, `must be ${words[type]}`);
  }
  for (const [name, value] of Object.entries(isObject(config['env']) ? config['env'] : {})) {
    if (typeof value !== 'string') throw invalid(`config.env.${name}`, 'a text is needed');
  }
  for (const name of ['skip_launch', 'skip_secrets', 'skip_service_registration']) {
    if (body[name] !== undefined && typeof body[name] !== 'boolean')
      throw invalid(name, 'must be true or false');
  }
  for (const name of ['lease_ttl', 'min_secrets_version']) {
    if (body[name] !== undefined && !Number.isSafeInteger(body[name]))
      throw invalid(name, 'a whole number is needed');
  }
  for (const name of ['name', 'current_version']) if (body[name] !== undefined) text(body[name], name);
}

const words = {
  text: 'a text',
  boolean: 'true or false',
  object: 'an object',
  list: 'a list of objects',
} as const;

function hasType(value: unknown, type: keyof typeof words): boolean {
  switch (type) {
    case 'text':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'object':
      return isObject(value);
    case 'list':
      return Array.isArray(value) && value.every(isObject);
  }
}

function checkGuest(config: Json, policy: EnvironmentPolicy): void {
  if (config['init'] !== undefined) onlyKeys(object(config['init'], 'config.init'), initKeys, 'config.init.');
  if (config['size'] !== undefined) checkPreset(text(config['size'], 'config.size'), policy);
  if (config['guest'] === undefined) return;
  const guest = withoutNulls(object(config['guest'], 'config.guest'));
  onlyKeys(guest, guestKeys, 'config.guest.');
  const kind = guest['cpu_kind'] === undefined ? 'shared' : text(guest['cpu_kind'], 'config.guest.cpu_kind');
  if (!policy.cpuKinds.includes(kind)) {
    throw policyError(
      'config.guest.cpu_kind',
      'cpu_kinds',
      policy.cpuKinds,
      `cpu_kind ${kind} is not allowed`,
    );
  }
  atMost(guest, 'cpus', policy.maxCpus, 'max_cpus');
  atMost(guest, 'memory_mb', policy.maxMemoryMb, 'max_memory_mb');
  atMost(guest, 'max_memory_mb', policy.maxMemoryMb, 'max_memory_mb');
}

/** `size` is the old way to write a guest: `shared-cpu-2x`, `performance-4x`. Names of GPUs do not fit the form. */
function checkPreset(size: string, policy: EnvironmentPolicy): void {
  const parts = /^(shared-cpu|performance)-([0-9]{1,2})x$/.exec(size);
  const kind = parts?.[1] === 'shared-cpu' ? 'shared' : parts?.[1];
  if (kind === undefined || !policy.cpuKinds.includes(kind) || Number(parts?.[2]) > policy.maxCpus) {
    throw policyError('config.size', 'max_cpus', policy.maxCpus, `size ${size.slice(0, 64)} is not allowed`);
  }
}

function checkImages(config: Json, policy: EnvironmentPolicy): void {
  const images: [unknown, string][] = [[config['image'], 'config.image']];
  for (const [path, container] of objects(config['containers'], 'config.containers')) {
    images.push([container['image'], `${path}.image`]);
    for (const [at, file] of objects(container['files'], `${path}.files`))
      images.push([file['image_config'], `${at}.image_config`]);
  }
  for (const [path, file] of objects(config['files'], 'config.files'))
    images.push([file['image_config'], `${path}.image_config`]);
  for (const [path, volume] of objects(config['volumes'], 'config.volumes'))
    images.push([volume['image'], `${path}.image`]);
  if (config['image'] === undefined && config['containers'] === undefined)
    throw invalid('config.image', 'is needed');
  for (const [image, path] of images) {
    if (image === undefined || image === null) continue;
    const reference = text(image, path);
    if (!isImage(reference)) throw invalid(path, 'not an image reference');
    refuseIf(checkImage(reference, path, policy));
  }
}

/** The storage credential of the environment comes from its secrets and cannot be shadowed by a plain variable. */
function checkNames(config: Json): void {
  checkEnvironmentVariables(config, 'config');
  for (const list of ['containers', 'processes']) {
    for (const [path, part] of objects(config[list], `config.${list}`)) checkEnvironmentVariables(part, path);
  }
  if (config['metadata'] === undefined) return;
  for (const [key, value] of Object.entries(object(config['metadata'], 'config.metadata'))) {
    if (typeof value !== 'string') throw invalid(`config.metadata.${key}`, 'a text is needed');
    if (isReservedMetadata(key))
      throw invalid(`config.metadata.${key}`, `names that begin with ${reservedMetadata} are reserved`);
  }
}

function checkEnvironmentVariables(part: Json, path: string): void {
  for (const name of part['env'] === undefined || part['env'] === null
    ? []
    : Object.keys(object(part['env'], `${path}.env`))) {
    if (isReservedSecret(name))
      throw invalid(`${path}.env.${name}`, 'this name is reserved for the storage of the environment');
  }
  for (const [at, secret] of objects(part['secrets'], `${path}.secrets`)) {
    const variable = secret['env_var'];
    if (typeof variable === 'string' && isReservedSecret(variable) && secret['name'] !== variable) {
      throw invalid(`${at}.env_var`, 'this name is reserved for the storage of the environment');
    }
  }
}

function checkMounts(config: Json, policy: EnvironmentPolicy): string[] {
  const volumes: string[] = [];
  for (const [path, mount] of objects(config['mounts'], 'config.mounts')) {
    if (typeof mount['volume'] === 'string' && mount['volume'] !== '') volumes.push(mount['volume']);
    for (const field of ['size_gb', 'size_gb_limit', 'add_size_gb']) {
      const size = mount[field];
      if (size === undefined || size === null) continue;
      if (typeof size !== 'number') throw invalid(`${path}.${field}`, 'a number is needed');
      refuseIf(checkVolumeSize(size, `${path}.${field}`, policy));
    }
  }
  return volumes;
}

/** True for a metadata name that only the gateway writes; upstream's keys are compared without case. */
export function isReservedMetadata(key: string): boolean {
  return key.toLowerCase().startsWith(reservedMetadata);
}

/** A refusal that names one field. */
export function invalid(field: string, fault: string): HangarError {
  return new HangarError('invalid', { public: `${field}: ${fault}`, fields: { [field]: fault } });
}

/** The members that are there. */
export function withoutNulls(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function onlyKeys(value: Json, allowed: readonly string[], prefix: string): void {
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) throw invalid(`${prefix}${key.slice(0, 64)}`, 'not offered here');
  }
}

function object(value: unknown, path: string): Json {
  if (!isObject(value)) throw invalid(path, 'an object is needed');
  return value;
}

function objects(value: unknown, path: string): [path: string, value: Json][] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(path, 'a list is needed');
  return value.map((item: unknown, index) => [`${path}[${index}]`, object(item, `${path}[${index}]`)]);
}

function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalid(path, 'a text is needed');
  return value;
}

function atMost(guest: Json, field: string, limit: number, rule: string): void {
  const value = guest[field];
  if (value === undefined) return;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw invalid(`config.guest.${field}`, 'a number is needed');
  if (value > limit)
    throw policyError(`config.guest.${field}`, rule, limit, `${field} ${value} exceeds ${limit}`);
}

function refuseIf(error: HangarError | undefined): void {
  if (error) throw error;
}
