import { readFileSync, writeFileSync } from 'node:fs';
import type { Interface } from 'node:readline';
import type { FileLock } from '@hangar/security';
import { assertLoopback, listen, type Listening } from '../listen.ts';
import { settle, type Settings, type SimulatorOptions } from '../options.ts';
import type { Seed } from '../seed/file.ts';
import { simulatorOf, type Simulator } from '../simulator.ts';
import { stateInMemory, type State } from '../world/state.ts';
import { readArguments, type Arguments } from './arguments.ts';
import type { Configured } from './configuration.ts';
import { environmentOf, type Addresses } from './environment.ts';

/** The ports of a simulation: base is api.fly.io, then the Machines API, S3, IAM. */
const DEFAULT_BASE_PORT = 4700;
const DOOR_NAMES = ['api', 'machines', 's3', 'iam'] as const;

const usage = `hangar simulator: Fly.io and Tigris, offline, on 127.0.0.1

  --port N             first of four ports (default ${DEFAULT_BASE_PORT}; 0 takes free ones)
  --state FILE         keep the world in this file, and in FILE.journal.N and FILE.bodies beside it;
                       FILE.lock says who has it
  --seed FILE          what a new world, and one that is reset, begins with
  --provider URL       base address of the provider, http://127.0.0.1:4600/flyio for example; machine events go only to
                       one that is named
  --runner process     run the commands of machines as child processes of this one; that isolates nothing
  --config FILE        read the settings from a JSON file
  --env FILE           write the variables that clients need into this file, too
  --json               say what is ready in one line of JSON instead
  --exit-with-parent   read the settings from the first line of standard input, and exit when it ends
  --help
`;

/**
 * Runs a simulator until a signal or its parent's end: the whole program, but for its exit code. Throws WrongUse for a command line that
 * it does not know, and other errors for what keeps it from starting.
 */
export async function runProcess(args: string[]): Promise<void> {
  const values = readArguments(args);
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const lines = values.exitWithParent
    ? (await import('node:readline')).createInterface(process.stdin)
    : undefined;
  const ended = new Promise<void>((resolve) => lines?.once('close', resolve));
  const text = lines ? await firstLine(lines) : values.config && readFileSync(values.config, 'utf8');
  const { port, address, options } = withArguments(text ? await configured(text) : { options: {} }, values);
  assertLoopback(address ?? '127.0.0.1');
  if (process.env['NODE_ENV'] === 'production') {
    throw new RangeError('a simulated Fly.io is never part of a production system (NODE_ENV=production)');
  }

  const seed = values.seed === undefined ? undefined : await readSeedFile(values.seed, options);
  const base = port ?? DEFAULT_BASE_PORT;
  const onError = options.onError ?? (() => undefined);
  const listening: Record<string, Listening> = {};
  // The ports come first: whoever finds them taken by another simulator has not touched the state that the other one writes.
  let open: (simulator: Simulator) => void = () => undefined;
  let opened: Simulator | undefined;
  const opening = new Promise<Simulator>((resolve) => (open = resolve));
  for (const [index, name] of DOOR_NAMES.entries()) {
    listening[name] = await listen(
      async (request, door) => await (await opening).doors[name].fetch(request, door),
      {
        port: base === 0 ? 0 : base + index,
        onError,
        // What runs is a program of ours: a page in a browser that gives our address another name must not reach it.
        loopbackNames: values.runner !== undefined,
        direct: (incoming, requestId) => opened?.doors[name].direct?.(incoming, requestId),
      },
    );
  }
  let lock: FileLock | undefined;
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await Promise.all(Object.values(listening).map((one) => one.close()));
    await opened?.close();
    // Last of all: closing still writes.
    lock?.release();
    lines?.close();
    process.stdin.destroy();
    if (process.connected) process.disconnect();
  };

  lock = options.state === undefined ? undefined : await lockState(options.state);
  const settings = settle(options);
  opened = simulatorOf(
    await stateOf(settings),
    {
      ...options,
      onStop: () => void stop(),
      ...(seed ? { seed } : {}),
      ...(values.runner === 'process'
        ? { createRunner: (await import('../runner/process-runner.ts')).createProcessRunner }
        : {}),
    },
    settings,
  );
  await opened.begun;
  open(opened);

  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
  if (lines) void ended.then(stop);
  // Whoever started us with a channel is gone when it closes, however that happened.
  if (process.connected) process.once('disconnect', () => void stop());

  const urls = Object.fromEntries(Object.entries(listening).map(([name, one]) => [name, one.url]));
  announce(urls as unknown as Addresses, settings, values);
}

/** Says where the doors are: for a program in one line, for a person as what a shell takes. */
function announce(addresses: Addresses, settings: Settings, values: Arguments): void {
  const environment = environmentOf(addresses, settings);
  if (values.env !== undefined) writeFileSync(values.env, environment, { mode: 0o600 });
  if (values.json || values.exitWithParent) {
    process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, ...addresses })}\n`);
    return;
  }
  process.stdout.write(
    `# The simulated Fly.io is ready. Its world is shown at ${addresses.api}/ and changed at ${addresses.api}/_fly.\n` +
      `# With these variables flyctl, Machines clients and S3 clients come here, and nothing of theirs goes to Fly.io:\n` +
      environment,
  );
}

/** Settings cost a library that says what is wrong with them; whoever gives none does not wait for it. */
async function configured(text: string): Promise<Configured> {
  const { readConfiguration } = await import('./configuration.ts');
  return readConfiguration(text);
}

/** A seed is tried in a world of no consequence first, so that one which does not fit leaves nothing behind. */
async function readSeedFile(file: string, options: SimulatorOptions): Promise<Seed> {
  const { readSeed } = await import('../seed/file.ts');
  const seed = readSeed(readFileSync(file, 'utf8'));
  const { state: _, provider: __, ...rest } = options;
  const settings = settle(rest);
  const trial = simulatorOf(stateInMemory(settings.organization), { ...rest, seed }, settings);
  try {
    await trial.begun;
  } finally {
    await trial.close();
  }
  return seed;
}

/** The command line wins over the settings. */
function withArguments(given: Configured, values: Arguments): Configured {
  const provider =
    values.provider === undefined
      ? {}
      : { provider: { ...given.options.provider, baseUrl: values.provider } };
  return {
    ...given,
    ...(values.port === undefined ? {} : { port: values.port }),
    ...(values.address === undefined ? {} : { address: values.address }),
    options: {
      ...given.options,
      ...provider,
      ...(values.state === undefined ? {} : { state: values.state }),
      onError: (error) => process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`),
    },
  };
}

/** What reads and writes files is loaded by whoever keeps a state. */
async function stateOf({ state, organization, onError }: Settings): Promise<State> {
  if (state === undefined) return stateInMemory(organization);
  const { openState } = await import('../world/kept/state-file.ts');
  return openState(state, organization, onError);
}

/** Two simulators on one state would both acknowledge changes, and keep those of one. */
async function lockState(state: string): Promise<FileLock> {
  const { lockFile } = await import('@hangar/security');
  return lockFile(`${state}.lock`, {
    what: `The state of the simulated Fly.io in ${state}`,
    remedy:
      'Stop that process, or name another file with --state. A lock that came along with a copy may be removed.',
  });
}

function firstLine(lines: Interface): Promise<string> {
  return new Promise((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
  });
}
