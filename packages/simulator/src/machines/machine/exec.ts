import type { Simulation } from '../../simulation.ts';
import type { Machine } from '../../world/platform.ts';
import { numberOf, textOf } from '../request/body.ts';
import { failedPrecondition, invalidArgument } from '../request/refusal.ts';
import { environmentOf } from './environment.ts';
import type { JsonObject } from '../../world/json.ts';

/** What a shell says when there is no such program. */
const NOT_FOUND = 127;

const USUAL_SECONDS = 60;
const MOST_SECONDS = 300;

/** What a command did. */
export interface Executed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command for a machine. */
export interface ExecOrder {
  readonly words: readonly string[];
  readonly stdin: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** `POST …/exec`. A command that fails is still a 200; what it printed is in the log of the machine as well. */
export async function execute(
  simulation: Simulation,
  machine: Machine,
  body: JsonObject,
): Promise<JsonObject> {
  if (machine.state !== 'started') {
    throw failedPrecondition(`unable to exec in machine from current state: '${machine.state}'`);
  }
  const order: ExecOrder = {
    words: wordsOf(body),
    stdin: typeof body['stdin'] === 'string' ? body['stdin'] : '',
    environment: environmentOf(machine, textOf(body, 'container')),
    timeoutMs: Math.min(MOST_SECONDS, numberOf(body, 'timeout') || USUAL_SECONDS) * 1000,
  };
  const { logs, runner } = simulation;
  const done = runner ? await runner.exec(machine, order) : pretended(machine, order);
  logs.write(machine.id, `Executed ${order.words.join(' ')}: exit code ${done.exitCode}`);
  logs.write(machine.id, done.stdout);
  logs.write(machine.id, done.stderr, 'error');
  return { exit_code: done.exitCode, exit_signal: 0, stdout: done.stdout, stderr: done.stderr };
}

/**
 * Without a runner a machine has no operating system; it knows `echo`, `cat`, `env`, `true`, `false`, `hostname` and `exit`, enough to see
 * that a command arrived and its output came back.
 */
function pretended(machine: Machine, { words, stdin, environment }: ExecOrder): Executed {
  const [program = '', ...rest] = words;
  const said = (exitCode: number, stdout: string, stderr = ''): Executed => ({ exitCode, stdout, stderr });
  switch (program.replace(/^.*\//, '')) {
    case 'true':
      return said(0, '');
    case 'false':
      return said(1, '');
    case 'echo':
      return said(0, `${rest.join(' ')}\n`);
    case 'cat':
      return said(0, stdin);
    case 'hostname':
      return said(0, `${machine.id}\n`);
    case 'env':
      return said(
        0,
        Object.entries(environment)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
      );
    case 'exit':
      return said(Number(rest[0] ?? 0) || 0, '');
    default:
      return said(NOT_FOUND, '', `${program}: not found\n`);
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
