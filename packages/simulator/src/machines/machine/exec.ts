import type { JsonObject, Machine } from '../../world/platform.ts';
import { isObject, numberOf, textOf } from '../request/body.ts';
import { failedPrecondition, invalidArgument } from '../request/refusal.ts';
import { imageReference } from './wire.ts';

/** What a shell says when there is no such program. */
const NOT_FOUND = 127;

/**
 * `POST …/exec`. A simulated machine has no operating system; it knows `echo`, `env`, `true`, `false`, `hostname` and `exit`, enough to see
 * that a command arrived, its output came back, and a failing command is still a 200.
 */
export function execute(machine: Machine, body: JsonObject): JsonObject {
  if (machine.state !== 'started') {
    throw failedPrecondition(`unable to exec in machine from current state: '${machine.state}'`);
  }
  const words = wordsOf(body);
  const [program = '', ...rest] = words;
  const stdin = typeof body['stdin'] === 'string' ? body['stdin'] : '';
  const answer = (exit_code: number, stdout: string, stderr = ''): JsonObject => ({
    exit_code,
    exit_signal: 0,
    stdout,
    stderr,
  });
  switch (program.replace(/^.*\//, '')) {
    case 'true':
      return answer(0, '');
    case 'false':
      return answer(1, '');
    case 'echo':
      return answer(0, `${rest.join(' ')}\n`);
    case 'cat':
      return answer(0, stdin);
    case 'hostname':
      return answer(0, `${machine.id}\n`);
    case 'env':
      return answer(0, environment(machine, textOf(body, 'container')));
    case 'exit':
      return answer(Number(rest[0] ?? 0) || 0, '');
    default:
      return answer(NOT_FOUND, '', `${program}: not found\n`);
  }
}

/** The words of `command`, or of the older `cmd`. Throws a 400 refusal when there are none. */
export function wordsOf(body: JsonObject): string[] {
  const command = body['command'];
  if (Array.isArray(command) && command.length > 0 && command.every((word) => typeof word === 'string'))
    return command;
  const cmd = body['cmd'];
  if (typeof cmd === 'string' && cmd.trim() !== '') return cmd.trim().split(/\s+/);
  throw invalidArgument('command: is required');
}

/**
 * The variables of a process (docs/specs/platform.md#machine-config): those of the config, the app's secrets as the
 * machine has them, and what Fly.io adds. A container gets only the secrets that it lists.
 */
function environment(machine: Machine, container: string | undefined): string {
  const containers = objectsIn(machine.config['containers']);
  const [first] = objectsIn(machine.config['processes']);
  const process = containers.find((one) => container === undefined || one['name'] === container) ?? first;
  const whole = containers.length === 0 && process?.['ignore_app_secrets'] !== true;
  const all = {
    ...variablesIn(machine.config['env']),
    ...variablesIn(process?.['env']),
    ...(whole ? machine.secrets : {}),
    ...listedSecrets(machine, objectsIn(process?.['secrets'])),
    ...added(machine),
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function added(machine: Machine): Record<string, string> {
  const { registry, repository, tag } = imageReference(machine.config);
  const guest = isObject(machine.config['guest']) ? machine.config['guest'] : {};
  const metadata = variablesIn(machine.config['metadata']);
  const group = metadata['fly_process_group'];
  return {
    FLY_ALLOC_ID: machine.id,
    FLY_APP_NAME: machine.app,
    FLY_IMAGE_REF: `${String(registry)}/${String(repository)}:${String(tag)}`,
    FLY_MACHINE_ID: machine.id,
    FLY_MACHINE_VERSION: machine.instanceId,
    FLY_PRIVATE_IP: machine.privateIp,
    ...(group === undefined ? {} : { FLY_PROCESS_GROUP: group }),
    FLY_REGION: machine.region,
    FLY_VM_MEMORY_MB: String(numberOf(guest, 'memory_mb')),
  };
}

function listedSecrets(machine: Machine, listed: readonly JsonObject[]): Record<string, string> {
  const found = listed.flatMap((one) => {
    const variable = textOf(one, 'env_var') ?? '';
    const value = machine.secrets[textOf(one, 'name') ?? variable];
    return value === undefined ? [] : [[variable, value] as const];
  });
  return Object.fromEntries(found);
}

function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function variablesIn(value: unknown): Record<string, string> {
  return isObject(value) ? (value as Record<string, string>) : {};
}
