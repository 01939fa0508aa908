import { chmodSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProcess, saysServing, startProcess } from '../../../test/harness/processes.ts';
import { socketPath } from '../src/house/sockets.ts';
import { freePorts } from '../src/processes/keep-running.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'hgr-'));

/** Runs `hangar authority` until it ends by itself. */
const authority = async (environment: Record<string, string>) =>
  await runProcess({
    args: ['authority'],
    environment: { HANGAR_DATA_DIR: join(folder(), 'data'), ...environment },
  });

describe('hangar authority', { timeout: 60_000 }, () => {
  test('says everything that is missing at once, and asks for nothing that it has no use for', async () => {
    const { code, output } = await authority({ HANGAR_FLY: 'real' });
    expect(code).toBe(1);
    for (const name of [
      'HANGAR_PUBLIC_URL',
      'HANGAR_MASTER_KEYS',
      'HANGAR_AUTHORITY_SOCKETS',
      'DATABASE_URL',
    ])
      expect(output).toContain(name);
    for (const name of ['FLY_API_TOKEN', 'HANGAR_WEBHOOK_SECRET', 'TIGRIS', 'OAUTH'])
      expect(output).not.toContain(name);
  });

  test('refuses sockets that others could reach or that somebody else answers, with the remedy', async () => {
    const open = folder();
    chmodSync(open, 0o777);
    const shared = await authority({ HANGAR_AUTHORITY_SOCKETS: open });
    expect(shared.code).toBe(1);
    expect(shared.output).toContain(`chmod 700 ${open}`);

    const taken = folder();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(socketPath(taken, 'verify'), resolve));
    const second = await authority({ HANGAR_AUTHORITY_SOCKETS: taken });
    other.close();
    expect(second.code).toBe(1);
    expect(second.output).toContain('used by an authority that is running');

    const long = await authority({ HANGAR_AUTHORITY_SOCKETS: join(folder(), 'x'.repeat(100)) });
    expect(long.code).toBe(1);
    expect(long.output).toContain('must not exceed 103 bytes');
  });

  test('builds its engine first, takes over the sockets of one that was killed, leaves them to its owner, and stops on request', async () => {
    const sockets = join(folder(), 'sockets');
    mkdirSync(sockets, { mode: 0o700 });
    const environment = {
      HANGAR_AUTHORITY_SOCKETS: sockets,
      HANGAR_DATA_DIR: join(folder(), 'data'),
      HANGAR_SIMULATOR_PORT: String(await freePorts(4)),
    };
    const start = async (engine: string, served: string) => {
      const one = startProcess({
        args: ['authority'],
        environment: { ...environment, HANGAR_TOKEN_ENGINE: engine },
      });
      // The engine is there before anybody can ask.
      expect(await one.line((line) => line.includes('token engine ready'))).toContain(`"engine":"${served}"`);
      await one.line(saysServing);
      return one;
    };
    const first = await start('wasm', 'WebAssembly');
    for (const half of ['verify', 'sign'] as const)
      expect(statSync(socketPath(sockets, half)).mode & 0o777).toBe(0o600);
    // What only the other half may be asked is not there, whoever asks.
    expect(await about(socketPath(sockets, 'verify'))).toBe(200);
    expect(await about(socketPath(sockets, 'sign'))).toBe(404);
    await first.kill();

    const second = await start('node', 'node:crypto');
    await second.stop();
  });
});

/** What a socket answers to the question that its verifying half knows. */
async function about(socket: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, path: '/issuer/v1/about', method: 'POST' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.once('error', reject);
    asked.end('{}');
  });
}
