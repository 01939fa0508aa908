import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { exitCodeOf, ProviderUnreachable, runConformance, type Report } from '@hangar/conformance';
import { Secret } from '@hangar/security';
import { freePort } from '../../../test/harness/postgres.ts';
import { startPlain } from './providers/plain/plain.ts';
import { SECRETS } from './providers/running.ts';
import { aimAt } from './world.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that does with each connection what it likes, once something was said. */
async function answering(act: (socket: Socket, said: string) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => act(socket, bytes.toString('latin1')));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/flyio`;
}

const head = (status: string, ...lines: readonly string[]): string =>
  `HTTP/1.1 ${[status, ...lines].join('\r\n')}\r\n\r\n`;

/** Aims at what is nobody's honest provider. Waiting is cut short: a deadline is over at once. */
async function aim(baseUrl: string, impatient = false): Promise<Report> {
  return await runConformance({
    baseUrl,
    secret: Secret.of(SECRETS.provisioning),
    only: ['SIG-01', 'SIG-02', 'GET-01', 'CRE-02'],
    deadline: (ms) => AbortSignal.timeout(impatient ? 50 : ms),
  });
}

const outcomes = (report: Report): string[] => report.results.map(({ outcome }) => outcome.tag);
const whys = (report: Report): string[] =>
  report.results.flatMap(({ outcome }) => ('why' in outcome ? [outcome.why] : []));
const ALL_FAILED = ['failed', 'failed', 'failed', 'failed'];

describe('whatever a provider answers is a failed case, and never the end of the tester', () => {
  test.each<[string, (socket: Socket, said: string) => void, RegExp, boolean?]>([
    ['nothing', () => undefined, /no answer within/, true],
    ['a cut connection', (socket) => void socket.destroy(), /cut off/],
    ['no HTTP', (socket) => void socket.end('SSH-2.0-x\r\n'), /no HTTP/],
    [
      'an endless body',
      (socket) => void socket.write(head('200 OK') + 'x'.repeat(5_000_000)),
      /an answer of more than/,
    ],
    [
      'half an answer',
      (socket) => void socket.end(`${head('201 Created', 'content-length: 99')}{"id"`),
      /cut off/,
    ],
    [
      'headers that are members of every object',
      (socket) =>
        void socket.end(
          head('201 Created', '__proto__: a', 'constructor: b', 'toString: c', 'content-length: 0'),
        ),
      /no `id`/,
    ],
    ['no JSON', (socket) => void socket.end(`${head('201 Created', 'content-length: 3')}<p>`), /no `id`/],
    [
      'JSON that is no object',
      (socket) => void socket.end(`${head('201 Created', 'content-length: 4')}null`),
      /no `id`/,
    ],
    [
      'deep JSON',
      (socket) => void socket.end(`${head('201 Created', 'connection: close')}${'['.repeat(99_999)}`),
      /no `id`/,
    ],
    [
      'a config that is a list',
      (socket) => void socket.end(`${head('201 Created', 'connection: close')}{"id":"x","config":[]}`),
      /no `config`/,
    ],
  ])('%s', async (_, act, why, impatient) => {
    const report = await aim(await answering(act), impatient);
    expect(outcomes(report)).toEqual(ALL_FAILED);
    expect(whys(report)[0]).toMatch(why);
    expect(exitCodeOf(report.sums)).toBe(1);
  });

  test('a redirect is not followed', async () => {
    const asked: string[] = [];
    const other = await answering((socket, said) => {
      asked.push(said);
      socket.end(head('200 OK', 'content-length: 0'));
    });
    const report = await aim(
      await answering(
        (socket) =>
          void socket.end(head('307 Temporary Redirect', `location: ${other}`, 'content-length: 0')),
      ),
    );
    expect([outcomes(report), asked]).toEqual([ALL_FAILED, []]);
  });

  test('nobody there cannot be tested', async () => {
    await expect(aim(`http://127.0.0.1:${await freePort()}/flyio`)).rejects.toThrow(ProviderUnreachable);
  });
});

describe('a failure tells how to see it again', () => {
  test('a request that is signed as Fly.io signs: the command signs anew, and gets the same answer', async () => {
    const provider = await startPlain(0, 'a number in config');
    try {
      const report = await aimAt(provider, 0, { only: ['CRE-02'], twin: undefined, secretName: 'FLY_SAYS' });
      const [{ outcome } = { outcome: undefined }] = report.results;
      if (outcome?.tag !== 'failed' || outcome.evidence === undefined) throw new Error('nothing was found');
      const { curl, body, answered } = outcome.evidence;
      expect([curl.includes(SECRETS.provisioning), answered]).toEqual([false, '201']);
      // What was handed out is told by name alone.
      expect(JSON.parse(body)).toMatchObject({ config: { LOGJAM_URL: '[value]', LOGJAM_PORT: '[value]' } });
      // Its resource is gone by now, so the id says so: the signature was taken.
      const again = await run(curl, { FLY_SAYS: SECRETS.provisioning });
      expect(again).toMatch(/^HTTP\/1\.1 409 /);
      expect(await run(curl, { FLY_SAYS: 'another-secret-than-that' })).toMatch(/^HTTP\/1\.1 401 /);
    } finally {
      await provider.close();
    }
  });

  test('a request that is wrong: the command repeats it byte for byte', async () => {
    const provider = await startPlain(0, 'accepts sha256=');
    try {
      const report = await aimAt(provider, 0, { only: ['SIG-11'], twin: undefined });
      const [{ outcome } = { outcome: undefined }] = report.results;
      if (outcome?.tag !== 'failed' || outcome.evidence === undefined) throw new Error('nothing was found');
      expect(outcome.evidence.curl).toContain("-H 'x-signature: sha256=");
      // The nonce is spent, which is the provider's answer now.
      expect(await run(outcome.evidence.curl, {})).toMatch(/^HTTP\/1\.1 401 /);
    } finally {
      await provider.close();
    }
  });
});

async function run(command: string, environment: Record<string, string>): Promise<string> {
  const child = spawn('bash', ['-eu', '-c', command], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  return await text(child.stdout);
}
