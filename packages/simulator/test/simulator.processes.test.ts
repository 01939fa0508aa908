import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { listen } from '../src/index.ts';
import { send, temporaryFolder } from './world.ts';

const script = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** How a process ended. */
interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly words: string;
}

function start(
  args: string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ending> } {
  const child = spawn(process.execPath, ['--conditions=hangar-source', '--import', 'tsx', script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  children.push(child);
  let words = '';
  child.stderr?.on('data', (data: Buffer) => (words += data.toString()));
  const ended = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, words }));
  });
  return { child, ended };
}

async function ready(child: ChildProcess): Promise<Record<string, string>> {
  if (!child.stdout) throw new Error('no output');
  for await (const line of createInterface(child.stdout)) return JSON.parse(line) as Record<string, string>;
  throw new Error('the process said nothing');
}

test('the process takes its settings from its parent, says where it listens, and ends with its parent', async () => {
  const { child, ended } = start(['--exit-with-parent', '--port', '0']);
  child.stdin?.write(`${JSON.stringify({ tokens: [{ token: 'fo1_mine', organizations: ['operator'] }] })}\n`);
  const doors = await ready(child);
  expect(doors).toMatchObject({ ready: true, api: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) });
  const current = await send('GET', `${doors['machines']}/v1/tokens/current`, {
    headers: { authorization: 'Bearer fo1_mine' },
  });
  expect(current.status).toBe(200);
  child.stdin?.end();
  expect((await ended).code).toBe(0);
});

test('what was acknowledged is there again after a kill', async () => {
  const state = join(temporaryFolder(), 'world.json');
  const first = start(['--json', '--port', '0', '--state', state]);
  const doors = await ready(first.child);
  const headers = { authorization: 'Bearer fo1_simulated-operator-token' };
  await send('POST', `${doors['machines']}/v1/apps`, {
    body: { app_name: 'one', org_slug: 'operator' },
    headers,
  });
  first.child.kill('SIGKILL');
  expect((await first.ended).signal).toBe('SIGKILL');
  const second = start(['--json', '--port', '0', '--state', state]);
  const again = await ready(second.child);
  expect((await send('GET', `${again['machines']}/v1/apps/one`, { headers })).status).toBe(200);
  second.child.kill('SIGTERM');
  expect((await second.ended).code).toBe(0);
});

test('a state has one process at a time, on whatever ports, and a clean end gives it back', async () => {
  const state = join(temporaryFolder(), 'world.json');
  const first = start(['--json', '--port', '0', '--state', state]);
  const doors = await ready(first.child);
  const { code, words } = await start(['--json', '--port', '0', '--state', state]).ended;
  expect([code, words]).toEqual([1, expect.stringContaining(`in use by process ${doors['pid']}`)]);
  expect(words).toContain('--state');
  first.child.kill('SIGTERM');
  expect((await first.ended).code).toBe(0);
  expect(readdirSync(dirname(state))).toEqual(['world.json']);
});

test.each<[string, string[], Record<string, string>, string, number]>([
  ['another address than 127.0.0.1', ['--address', '0.0.0.0', '--port', '0'], {}, '127.0.0.1 only', 1],
  ['production', ['--port', '0'], { NODE_ENV: 'production' }, 'production', 1],
  ['a flag it does not know', ['--publish'], {}, '--publish', 2],
])('the process refuses %s', async (_title, args, env, sentence, exitCode) => {
  const { code, words } = await start(args, env).ended;
  expect(code).toBe(exitCode);
  expect(words).toContain(sentence);
});

test('a taken port is said, not waited for', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const folder = temporaryFolder();
  const { code, words } = await start(['--port', String(port), '--state', join(folder, 'world.json')]).ended;
  taken.close();
  expect(code).toBe(1);
  expect(words).toContain('EADDRINUSE');
  // Another simulator may be writing that state at this moment.
  expect(readdirSync(folder)).toEqual([]);
});

test('a door is never served elsewhere, whoever asks', async () => {
  const nothing = async (): Promise<Response> => new Response();
  await expect(listen(nothing, { port: 0, address: '0.0.0.0' })).rejects.toThrow(RangeError);
  await expect(listen(nothing, { port: 0, address: '::1' })).rejects.toThrow(RangeError);
});
