import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { Secret } from '@hangar/security';
import { afterEach, expect } from 'vitest';
import {
  createSimulator,
  listen,
  simulatedSecrets,
  type Listening,
  type SimulatorOptions,
} from '../src/index.ts';
import { encode } from '../src/world/kept/encode.ts';
import { openState } from '../src/world/kept/state-file.ts';
import type { World } from '../src/world/world.ts';

/** A request as a stand-in for a provider received it. */
export interface Received {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A provider that writes down what it gets and answers what the test says. */
export interface Provider {
  readonly baseUrl: string;
  readonly received: Received[];
  answer: (request: Received) => { status: number; body?: unknown; drop?: boolean };
}

/** A simulation on real ports. */
export interface Stage {
  readonly api: string;
  readonly machines: string;
  readonly s3: string;
  readonly iam: string;
  readonly provider: Provider;
  readonly simulator: ReturnType<typeof createSimulator>;
  close(): Promise<void>;
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** A folder that is gone after the test, once everything that was started later has ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  open.push(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const provisioningSecret = Secret.of('hangar-provisioning-secret');
export const webhookSecret = Secret.of('hangar-webhook-secret');
export const foreignToken = 'fo1_token-of-low-flyers';

async function startProvider(): Promise<Provider & { close(): Promise<void> }> {
  const received: Received[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        target: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      received.push(request);
      const { status, body, drop } = provider.answer(request);
      if (drop) {
        incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(status, { 'content-type': 'application/json' });
      outgoing.end(body === undefined ? '' : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider: Provider & { close(): Promise<void> } = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/flyio`,
    received,
    answer: () => ({ status: 204 }),
    close: async () =>
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return provider;
}

/** Starts a simulation with its four doors and a provider; everything ends with the test. */
export async function stage(options: SimulatorOptions = {}): Promise<Stage> {
  const state = options.state ?? join(temporaryFolder(), 'world.json');
  const provider = await startProvider();
  const errors: unknown[] = [];
  const simulator = createSimulator({
    provider: { baseUrl: provider.baseUrl, slug: 'hangar', provisioningSecret, webhookSecret },
    tokens: [
      { token: Secret.of(simulatedSecrets.operatorToken), organizations: ['operator'] },
      { token: Secret.of(foreignToken), organizations: ['low-flyers'] },
    ],
    onError: (error) => errors.push(error),
    ...options,
    state,
  });
  const doors: Listening[] = [];
  for (const { fetch, ...door } of Object.values(simulator.doors))
    doors.push(await listen(fetch, { port: 0, ...door }));
  const [api, machines, s3, iam] = doors.map((door) => door.url);
  const close = async (): Promise<void> => {
    await Promise.all(doors.map((door) => door.close()));
    await expectKept(simulator.world, state);
    await simulator.close();
    await provider.close();
    if (errors.length > 0) throw errors[0];
  };
  open.push(close);
  return {
    api: api ?? '',
    machines: machines ?? '',
    s3: s3 ?? '',
    iam: iam ?? '',
    provider,
    simulator,
    close: async () => {
      open.splice(open.indexOf(close), 1);
      await close();
    },
  };
}

/**
 * Fails when the files of a simulation do not say what it knows: a change that somebody forgot to write down is found by whatever
 * test makes it. The copy is what would be there after a kill at this moment.
 */
async function expectKept(world: World, state: string): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), 'simulator-copy-'));
  for (const name of readdirSync(dirname(state))) {
    if (!name.endsWith('.bodies')) copyFileSync(join(dirname(state), name), join(copy, name));
  }
  symlinkSync(`${state}.bodies`, `${join(copy, basename(state))}.bodies`);
  const known = encode(world);
  const kept = openState(join(copy, basename(state)), 'operator', (error) => {
    throw error;
  });
  expect(JSON.parse(encode(kept.world))).toEqual(JSON.parse(known));
  await kept.close();
  rmSync(copy, { recursive: true });
}

/** What came back: status, headers, and the body as JSON, or as text when it is none. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;

  constructor(response: Response, text: string) {
    this.status = response.status;
    this.headers = response.headers;
    try {
      this.body = JSON.parse(text);
    } catch {
      this.body = text;
    }
  }

  /** The member at a path such as `extension.config.A` or `machines.0.id`. */
  at(path: string): unknown {
    let value = this.body;
    for (const name of path.split('.')) {
      value =
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    }
    return value;
  }

  /** The text at a path; fails when there is none. */
  text(path: string): string {
    const value = this.at(path);
    if (typeof value !== 'string')
      throw new Error(`there is no text at ${path} in ${JSON.stringify(this.body)}`);
    return value;
  }
}

/** Sends JSON and reads what comes. */
export async function send(
  method: string,
  url: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    redirect: 'manual',
    body: JSON.stringify(options.body),
  });
  return new Answer(response, await response.text());
}

/** The control surface. */
export function control(on: Stage): (method: string, path: string, body?: unknown) => Promise<Answer> {
  return (method, path, body) => send(method, `${on.api}/_fly${path}`, body === undefined ? {} : { body });
}

/** A caller of the Machines API with the operator's token, or another one. */
export function flaps(
  on: Stage,
  token: string = simulatedSecrets.operatorToken,
): (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer> {
  return (method, path, body, headers = {}) =>
    send(method, `${on.machines}/v1${path}`, {
      body,
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
}

/** Clients as the AWS SDK makes them; the admin key unless another one is given. */
export function aws(
  on: Pick<Stage, 's3' | 'iam'>,
  credentials: { accessKeyId: string; secretAccessKey: string } = {
    accessKeyId: simulatedSecrets.storageKeyId,
    secretAccessKey: simulatedSecrets.storageSecret,
  },
): { s3: S3Client; iam: IAMClient } {
  const shared = { region: 'auto', credentials, maxAttempts: 1 };
  const s3 = new S3Client({ ...shared, endpoint: on.s3 });
  const iam = new IAMClient({ ...shared, endpoint: on.iam });
  open.push(async () => {
    s3.destroy();
    iam.destroy();
  });
  return { s3, iam };
}

/** The name of the error that a call ends with; fails when it does not end with one. */
export async function nameOfError(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as Error).name;
  }
  throw new Error('the call succeeded');
}
