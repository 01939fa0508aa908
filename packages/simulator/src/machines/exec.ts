import type { JsonObject, Machine } from '../world/platform.ts';
import { isObject } from './body.ts';
import { failedPrecondition, invalidArgument } from './refusal.ts';

/** What a shell says when there is no such program. */
const notFound = 127;

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
      return answer(0, environment(machine));
    case 'exit':
      return answer(Number(rest[0] ?? 0) || 0, '');
    default:
      return answer(notFound, '', `${program}: not found\n`);
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

function environment(machine: Machine): string {
  const env = isObject(machine.config['env']) ? machine.config['env'] : {};
  const all = {
    ...env,
    FLY_APP_NAME: machine.app,
    FLY_MACHINE_ID: machine.id,
    FLY_MACHINE_VERSION: machine.instanceId,
    FLY_PRIVATE_IP: machine.privateIp,
    FLY_REGION: machine.region,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
