import { createHash } from 'node:crypto';
import type { Address, App, AppSecret, Lease, Machine, Volume } from '../../world/platform.ts';
import type { World } from '../../world/world.ts';
import { isObject, type JsonObject } from '../../world/json.ts';
import { checksWire } from './checks.ts';

/** How the things of the world look on the wire of the Machines API (docs/specs/platform.md#machines-api). */

const time = (ms: number): string => new Date(ms).toISOString();

/** An App, with the members of the docs and those of fly-go. */
export function appWire(world: World, app: App): JsonObject {
  const organization = world.organizations.get(app.organization);
  const machines = machinesShown(world, app.name);
  return {
    id: app.id,
    name: app.name,
    internal_numeric_id: app.number,
    network: app.network,
    app_role: app.role ?? '',
    cname_target: `${app.name}.fly.dev`,
    status: machines.length === 0 ? 'pending' : 'deployed',
    machine_count: machines.length,
    volume_count: [...world.volumes.values()].filter((one) => one.app === app.name).length,
    organization: {
      name: organization?.name ?? app.organization,
      slug: app.organization,
      internal_numeric_id: organization?.number ?? 0,
    },
    created_at: app.createdAtMs,
  };
}

/** The machines of an app, destroyed ones too, oldest first. */
export function machinesOf(world: World, app: string): Machine[] {
  return [...world.machines.values()].filter((one) => one.app === app);
}

/** The machines of an app that a list shows when nobody asks for destroyed ones, oldest first. */
export function machinesShown(world: World, app: string): Machine[] {
  return machinesOf(world, app).filter((one) => one.state !== 'destroyed');
}

/** A Machine. */
export function machineWire(machine: Machine): JsonObject {
  return {
    id: machine.id,
    name: machine.name,
    state: machine.state,
    region: machine.region,
    instance_id: machine.instanceId,
    version: machine.instanceId,
    image_ref: imageReference(machine.config),
    private_ip: machine.privateIp,
    created_at: time(machine.createdAtMs),
    updated_at: time(machine.updatedAtMs),
    config: machine.config,
    events: [...machine.events.values()].toReversed(),
    checks: checksWire(machine),
    host_status: 'ok',
    cordoned: machine.cordoned,
    containers: containersWire(machine),
  };
}

/** A Machine of a list with `summary`: where it is and what it does, and nothing that makes the list long. */
export function machineSummaryWire(machine: Machine): JsonObject {
  const omitted = ['config', 'checks', 'events', 'host_status', 'nonce', 'containers'];
  return Object.fromEntries(Object.entries(machineWire(machine)).filter(([name]) => !omitted.includes(name)));
}

/** A machine in the list of an organization. */
export function organizationMachineWire(machine: Machine, summary: boolean): JsonObject {
  const whole = machineWire(machine);
  const members = [
    'id',
    'name',
    'state',
    'region',
    'instance_id',
    'version',
    'private_ip',
    'created_at',
    'updated_at',
  ];
  const config = machine.config;
  return {
    app_name: machine.app,
    ...Object.fromEntries(members.map((name) => [name, whole[name]])),
    ...(summary
      ? {}
      : { config: { image: config['image'], guest: config['guest'], metadata: config['metadata'] ?? {} } }),
  };
}

/** `registry`, `repository`, `tag` and a digest that depends on nothing but the name. */
export function imageReference(config: JsonObject): JsonObject {
  const image = typeof config['image'] === 'string' ? config['image'] : '';
  const [path = '', digest] = image.split('@');
  const first = path.split('/')[0] ?? '';
  const hosted = path.includes('/') && /[.:]/.test(first);
  const rest = hosted ? path.slice(first.length + 1) : path;
  const [repository = '', tag = 'latest'] = rest.split(':');
  return {
    registry: hosted ? first : 'docker-hub-mirror.fly.io',
    repository: hosted || repository.includes('/') ? repository : `library/${repository}`,
    tag,
    digest: digest ?? `sha256:${createHash('sha256').update(image).digest('hex')}`,
    labels: {},
  };
}

function containersWire(machine: Machine): JsonObject[] {
  const containers = machine.config['containers'];
  if (!Array.isArray(containers)) return [];
  const state = machine.state === 'started' ? 'running' : 'stopped';
  return containers.filter(isObject).map((one) => ({ name: one['name'], state }));
}

/** A Volume. */
export function volumeWire(volume: Volume): JsonObject {
  const blockSize = 4096;
  const bytes = volume.sizeGb * 1024 ** 3;
  const blocks = Math.floor(bytes / blockSize);
  return {
    id: volume.id,
    name: volume.name,
    state: 'created',
    size_gb: volume.sizeGb,
    region: volume.region,
    zone: volume.zone,
    encrypted: volume.encrypted,
    attached_machine_id: volume.machine ?? null,
    attached_alloc_id: null,
    created_at: time(volume.createdAtMs),
    snapshot_retention: volume.snapshotRetention,
    auto_backup_enabled: volume.autoBackup,
    host_status: 'ok',
    host_dedication_id: '',
    fstype: volume.fstype,
    block_size: blockSize,
    blocks,
    blocks_avail: blocks,
    blocks_free: blocks,
    bytes_total: bytes,
    bytes_used: 0,
    type: 'local',
  };
}

/** A Volume of a list with `summary`. */
export function volumeSummaryWire(volume: Volume): JsonObject {
  const whole = Object.entries(volumeWire(volume));
  return Object.fromEntries(whole.filter(([name]) => !/^(?:blocks?|bytes)(?:_|$)/.test(name)));
}

/** An AppSecret; the value only when the caller may see it. */
export function secretWire(secret: AppSecret, show: boolean): JsonObject {
  return {
    name: secret.name,
    digest: secret.digest,
    created_at: time(secret.createdAtMs),
    updated_at: time(secret.updatedAtMs),
    ...(show ? { value: secret.value } : {}),
  };
}

/** An IP assignment. */
export function addressWire(address: Address): JsonObject {
  return {
    ip: address.ip,
    region: address.region,
    service_name: address.serviceName,
    shared: address.type === 'shared_v4',
    egress: address.type.startsWith('egress'),
    created_at: time(address.createdAtMs),
  };
}

/** The envelope of a lease: the published schema forgets it, every client needs it. */
export function leaseWire(machine: Machine, lease: Lease): JsonObject {
  return {
    status: 'success',
    data: {
      nonce: lease.nonce,
      expires_at: Math.floor(lease.expiresAtMs / 1000),
      owner: lease.owner,
      description: lease.description,
      version: machine.instanceId,
    },
  };
}
