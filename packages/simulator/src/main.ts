import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type FileLock, lockFile, Secret } from '@hangar/security';
import { z } from 'zod';
import { assertLoopback, listen, type Listening } from './listen.ts';
import type { SimulatorOptions } from './options.ts';
import { createSimulator, type Simulator } from './simulator.ts';
import type { DoorFetch } from './doors.ts';

/** The ports of a simulation: base is api.fly.io, then the Machines API, S3, IAM. */
const DEFAULT_BASE_PORT = 4700;
const DOOR_NAMES = ['api', 'machines', 's3', 'iam'] as const;

const usage = `hangar-simulator: Fly.io and Tigris, offline, on 127.0.0.1

  --port N             first of four ports (default ${DEFAULT_BASE_PORT}; 0 takes free ones)
  --state FILE         keep the world in this file, and in FILE.journal.N and FILE.bodies beside it;
                       FILE.lock says who has it
  --provider URL       base address of the provider (default http://127.0.0.1:4600/flyio)
  --config FILE        read the configuration from a JSON file
  --exit-with-parent   read the configuration from the first line of standard input, and exit when it ends
  --help
`;

const secret = z.string().min(1);

/** The configuration that a parent process sends; every member has a default. */
const configuration = z.strictObject({
  port: z.int().min(0).max(65_532).optional(),
  address: z.string().optional(),
  state: z.string().optional(),
  organization: z.string().optional(),
  provider: z
    .strictObject({
      base_url: z.url(),
      slug: z.string(),
      provisioning_secret: secret,
      webhook_secret: secret,
    })
    .partial()
    .optional(),
  oauth: z
    .strictObject({ client_id: z.string(), client_secret: secret, redirect_uris: z.array(z.string()) })
    .partial()
    .optional(),
  tokens: z.array(z.strictObject({ token: secret, organizations: z.array(z.string()) })).optional(),
  storage_admin: z.strictObject({ access_key_id: z.string(), secret_access_key: secret }).optional(),
  delays: z
    .strictObject({
      launch: z.number(),
      start: z.number(),
      stop: z.number(),
      suspend: z.number(),
      replace: z.number(),
      destroy: z.number(),
      appDeletionLag: z.number(),
    })
    .partial()
    .optional(),
  rate_limits: z.boolean().optional(),
});
type Configuration = z.infer<typeof configuration>;

const sealed = (text: string | undefined): Secret | undefined =>
  text === undefined ? undefined : Secret.of(text);

/** Leaves out what is undefined: absent and undefined are different things to the options. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function optionsOf(config: Configuration): SimulatorOptions {
  const { provider, oauth } = config;
  return present({
    provider: present({
      baseUrl: provider?.base_url,
      slug: provider?.slug,
      provisioningSecret: sealed(provider?.provisioning_secret),
      webhookSecret: sealed(provider?.webhook_secret),
    }),
    oauth: present({
      clientId: oauth?.client_id,
      clientSecret: sealed(oauth?.client_secret),
      redirectUris: oauth?.redirect_uris,
    }),
    tokens: config.tokens?.map((one) => ({ token: Secret.of(one.token), organizations: one.organizations })),
    storageAdmin: config.storage_admin && {
      accessKeyId: config.storage_admin.access_key_id,
      secretAccessKey: Secret.of(config.storage_admin.secret_access_key),
    },
    delays: config.delays && present(config.delays),
    rateLimits: config.rate_limits,
    state: config.state,
    organization: config.organization,
    onError: (error: unknown) =>
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`),
  });
}

/** Called in a way that it does not know: exit code 2. Anything else that keeps it from starting is 1. */
class WrongUse extends Error {}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string' },
        address: { type: 'string' },
        state: { type: 'string' },
        provider: { type: 'string' },
        config: { type: 'string' },
        'exit-with-parent': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    const port = z.coerce.number().int().min(0).max(65_532).optional().safeParse(values.port);
    if (!port.success) throw new WrongUse('--port takes a number from 0 to 65532');
    return { ...values, port: port.data };
  } catch (error) {
    // Node's own words for an unknown option name it.
    throw error instanceof TypeError ? new WrongUse(error.message, { cause: error }) : error;
  }
}

async function main(): Promise<void> {
  const values = readArguments();
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const lines = values['exit-with-parent'] ? createInterface(process.stdin) : undefined;
  const ended = new Promise<void>((resolve) => lines?.once('close', resolve));
  const text = lines ? await firstLine(lines) : values.config && readFileSync(values.config, 'utf8');
  const given = configuration.parse(text ? JSON.parse(text) : {});
  const config: Configuration = {
    ...given,
    ...(values.port === undefined ? {} : { port: values.port }),
    ...(values.address === undefined ? {} : { address: values.address }),
    ...(values.state === undefined ? {} : { state: values.state }),
    ...(values.provider === undefined ? {} : { provider: { ...given.provider, base_url: values.provider } }),
  };
  assertLoopback(config.address ?? '127.0.0.1');
  if (process.env['NODE_ENV'] === 'production') {
    throw new RangeError('a simulated Fly.io is never part of a production system (NODE_ENV=production)');
  }

  const options = optionsOf(config);
  const base = config.port ?? DEFAULT_BASE_PORT;
  const onError = options.onError ?? (() => undefined);
  const listening: Record<string, Listening> = {};
  // The ports come first: whoever finds them taken by another simulator has not touched the state that the other one writes.
  let open: (simulator: Simulator) => void = () => undefined;
  const opened = new Promise<Simulator>((resolve) => (open = resolve));
  for (const [index, name] of DOOR_NAMES.entries()) {
    const fetch: DoorFetch = async (request, door) => await (await opened).doors[name].fetch(request, door);
    listening[name] = await listen(fetch, { port: base === 0 ? 0 : base + index, onError });
  }
  const lock = options.state === undefined ? undefined : lockState(options.state);
  const simulator = createSimulator(options);
  open(simulator);

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await Promise.all(Object.values(listening).map((one) => one.close()));
    await simulator.close();
    // Last of all: closing still writes.
    lock?.release();
    lines?.close();
    process.stdin.destroy();
  };
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
  if (lines) void ended.then(stop);

  const addresses = Object.entries(listening).map(([name, one]) => [name, one.url]);
  process.stdout.write(
    `${JSON.stringify({ ready: true, pid: process.pid, ...Object.fromEntries(addresses) })}\n`,
  );
}

/** Two simulators on one state would both acknowledge changes, and keep those of one. */
function lockState(state: string): FileLock {
  return lockFile(`${state}.lock`, {
    what: `The state of the simulated Fly.io in ${state}`,
    remedy:
      'Stop that process, or name another file with --state. A lock that came along with a copy may be removed.',
  });
}

function firstLine(lines: ReturnType<typeof createInterface>): Promise<string> {
  return new Promise((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
  });
}

// Whoever read the output is gone: there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM', 'SIGTERM');
  else process.exit();
});

try {
  await main();
} catch (error) {
  const sentence =
    error instanceof z.ZodError
      ? z.prettifyError(error)
      : error instanceof Error
        ? error.message
        : String(error);
  process.stderr.write(`hangar-simulator: ${sentence}\n`);
  process.exit(error instanceof WrongUse ? 2 : 1);
}
