import type { Fault, SeenLeaf } from '@hangar/flyio/bodies';

const STOP_SIGNALS = 'SIGHUP SIGINT SIGQUIT SIGKILL SIGUSR1 SIGUSR2 SIGTERM'.split(' ');
const ROOTFS = ['never', 'always', 'restart'];
const REPLAY = ['cookie', 'header'];

/** The members of bodies that take certain words only (the enums of the OpenAPI document; the last three are of its prose). */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'StopRequest.signal': STOP_SIGNALS,
  'RestartRequest.signal': STOP_SIGNALS,
  'fly.StopConfig.signal': STOP_SIGNALS,
  'fly.MachineRestart.policy': ['no', 'always', 'on-failure', 'spot-price'],
  'fly.MachineGuest.persist_rootfs': ROOTFS,
  'fly.MachineRootfs.persist': ROOTFS,
  'fly.MachineService.autostop': ['off', 'stop', 'suspend'],
  'fly.MachineCheck.kind': ['informational', 'readiness'],
  'fly.EnvFrom.field_ref': ['id', 'version', 'app_name', 'private_ip', 'region', 'image'],
  'fly.ReplayCache.type': REPLAY,
  'fly.ContainerDependency.condition': ['exited_successfully', 'healthy', 'started'],
  'fly.ContainerHealthcheck.kind': ['readiness', 'liveness'],
  'fly.ContainerHealthcheck.unhealthy': ['stop'],
  'fly.HTTPHealthcheck.scheme': ['http', 'https'],
  'fly.MachineConfig.schedule': ['hourly', 'daily', 'weekly', 'monthly'],
  'fly.MachineGuest.cpu_kind': ['shared', 'performance'],
  'fly.TempDirVolume.storage_type': ['disk', 'memory'],
};

/** `persist_rootfs` and `persist` may be written as their place in the list of words. */
const NUMBERED: ReadonlySet<string> = new Set([
  'fly.MachineGuest.persist_rootfs',
  'fly.MachineRootfs.persist',
]);
const HIGHEST_NUMBER = 3;

/** What is wrong with a leaf of the right type: a word that Fly.io does not take there. The empty text is an unset member. */
export function unknownWords({ path, schema, value }: SeenLeaf): readonly Fault[] {
  const member = /([A-Za-z_]+)(?:\[\d+\])*$/.exec(path)?.[1] ?? '';
  const name = `${schema}.${member}`;
  const words = allowed[name];
  if (words === undefined) return [];
  if (typeof value === 'number' && NUMBERED.has(name)) {
    return value <= HIGHEST_NUMBER ? [] : [{ path, fault: `must be at most ${HIGHEST_NUMBER}` }];
  }
  if (typeof value !== 'string' || value === '' || words.includes(value)) return [];
  return [{ path, fault: `must be one of ${words.join(', ')}` }];
}
