import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { simulatedSecrets } from '../src/index.ts';
import { type Answer, send } from './world.ts';

const script = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const headers = { authorization: `Bearer ${simulatedSecrets.operatorToken}` };
const running: ChildProcess[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
});

interface On {
  readonly process: ChildProcess;
  readonly api: string;
  readonly machines: string;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
}

/** A simulator that runs commands, with an app. */
async function simulator(...args: string[]): Promise<On> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=hangar-source',
      '--import',
      'tsx',
      script,
      '--json',
      '--port',
      '0',
      '--runner',
      'process',
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '', SECRET_OF_OURS: 'x' } },
  );
  running.push(child);
  for await (const line of createInterface(child.stdout)) {
    const doors = JSON.parse(line) as { api: string; machines: string };
    const call: On['call'] = async (method, path, body) =>
      await send(method, `${doors.machines}/v1${path}`, { headers, body });
    await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
    return { process: child, ...doors, call };
  }
  throw new Error('the process said nothing');
}

async function machine(on: On, config: Record<string, unknown>): Promise<string> {
  const made = await on.call('POST', '/apps/one/machines', { config: { image: 'a', ...config } });
  return made.text('id');
}

async function state(on: On, id: string, wanted: string): Promise<void> {
  const answer = await on.call('GET', `/apps/one/machines/${id}/wait?state=${wanted}&timeout=60`);
  expect([wanted, answer.status, answer.body]).toEqual([wanted, 200, expect.anything()]);
}

async function messages(on: On): Promise<string[]> {
  const { body } = await send('GET', `${on.api}/api/v1/apps/one/logs`, { headers });
  return (body as { data: { attributes: { message: string } }[] }).data.map((one) => one.attributes.message);
}

/** Waits for a line, by the stream of lines. */
async function line(on: On, words: RegExp): Promise<string> {
  const response = await fetch(`${on.api}/_fly/apps/one/logs`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
    const messages = text
      .split('\n')
      .slice(0, -1)
      .map((one) => (JSON.parse(one) as { message: string }).message);
    const found = messages.find((one) => words.test(one));
    if (found === undefined) continue;
    await reader.cancel();
    return found;
  }
  throw new Error(`no line says ${String(words)}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const node = (code: string): string[] => [process.execPath, '-e', code];
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the runner of processes', () => {
  test('gives a command its folder, environment, files, volume and port, and exec is beside it', async () => {
    const on = await simulator();
    const port = await freePort();
    await on.call('POST', '/apps/one/secrets', { values: { COLOUR: 'green', KEY: base64('locked') } });
    const volume = (await on.call('POST', '/apps/one/volumes', { name: 'data', region: 'iad' })).text('id');
    const code = `
      const fs = require('fs');
      fs.writeFileSync('data/kept', 'kept');
      require('http').createServer((_, answer) => answer.end(JSON.stringify({
        colour: process.env.COLOUR, mine: process.env.MINE, app: process.env.FLY_APP_NAME,
        ours: process.env.SECRET_OF_OURS ?? null,
        file: fs.readFileSync('etc/app.conf', 'utf8'), key: fs.readFileSync('etc/key', 'utf8'),
        home: process.env.HOME === process.cwd(),
      }))).listen(${port}, '127.0.0.1', () => console.log('listening'));`;
    const id = await machine(on, {
      init: { exec: node(code) },
      env: { MINE: 'yes' },
      files: [
        { guest_path: '/etc/app.conf', raw_value: base64('a = 1') },
        { guest_path: '/../../../etc/key', secret_name: 'KEY' },
      ],
      mounts: [{ volume, path: '/data' }],
    });
    await line(on, /^listening$/);
    expect((await send('GET', `http://127.0.0.1:${port}/`)).body).toEqual({
      colour: 'green',
      mine: 'yes',
      app: 'one',
      ours: null,
      file: 'a = 1',
      key: 'locked',
      home: true,
    });
    const exec = async (command: string[], stdin = '') =>
      (await on.call('POST', `/apps/one/machines/${id}/exec`, { command, stdin })).body;
    expect(await exec(['cat', 'data/kept'])).toMatchObject({ exit_code: 0, stdout: 'kept', stderr: '' });
    expect(await exec(['sh', '-c', 'cat; echo no >&2; exit 3'], 'in')).toEqual({
      exit_code: 3,
      exit_signal: 0,
      stdout: 'in',
      stderr: 'no\n',
    });
    expect(await exec(['no-such-program'])).toMatchObject({ exit_code: 127 });
    const loud = (await exec(node("process.stdout.write('x'.repeat(5e6))"))) as { stdout: string };
    expect(loud.stdout).toHaveLength(1024 * 1024);
    await on.call('POST', `/apps/one/machines/${id}/stop`);
    await state(on, id, 'stopped');
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
  });

  test('follows the restart policy by the real exit code, and gives up', async () => {
    const on = await simulator();
    const fails = await machine(on, {
      init: { cmd: node('console.log("try"); process.exit(3)') },
      restart: { policy: 'on-failure', max_retries: 2 },
    });
    await state(on, fails, 'failed');
    const { body } = await on.call('GET', `/apps/one/machines/${fails}/events`);
    const exits = (body as { type: string; request?: { exit_event: Record<string, unknown> } }[])
      .filter(({ type }) => type === 'exit')
      .map(({ request: of }) => [of?.exit_event['exit_code'], of?.exit_event['restarting']]);
    expect(exits).toEqual([
      [3, false],
      [3, true],
      [3, true],
    ]);
    expect((await messages(on)).filter((one) => one === 'try')).toHaveLength(3);
    const well = await machine(on, { init: { cmd: ['true'] }, restart: { policy: 'on-failure' } });
    await state(on, well, 'stopped');
    const nothing = await machine(on, {});
    await state(on, nothing, 'started');
    expect((await messages(on)).join('\n')).toContain('nothing runs');
  });

  test('asks a process to end before it makes it, and says with which code it did', async () => {
    const on = await simulator();
    const code =
      "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1e6); console.log('ready')";
    const id = await machine(on, {
      init: { exec: node(code) },
      stop_config: { signal: 'SIGTERM', timeout: '30s' },
    });
    await line(on, /^ready$/);
    await on.call('POST', `/apps/one/machines/${id}/stop`);
    await state(on, id, 'stopped');
    const stubborn = await machine(on, {
      init: { exec: node("process.on('SIGINT', () => {}); setInterval(() => {}, 1e6); console.log('deaf')") },
      stop_config: { timeout: '1ms' },
    });
    await line(on, /^deaf$/);
    await on.call('POST', `/apps/one/machines/${stubborn}/stop`);
    await state(on, stubborn, 'stopped');
    const code7 = await on.call('GET', `/apps/one/machines/${id}`);
    expect(code7.at('events.0.request.exit_event')).toMatchObject({ exit_code: 7, requested_stop: true });
    const code9 = await on.call('GET', `/apps/one/machines/${stubborn}`);
    expect(code9.at('events.0.request.exit_event.exit_code')).toBe(137);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'leaves nothing behind after a %s of the simulator',
    async (signal) => {
      const on = await simulator();
      const code = `
      const { spawn } = require('child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
      setInterval(() => {}, 1e6);
      console.log('pids ' + process.pid + ' ' + child.pid + ' ' + process.cwd());`;
      await machine(on, { init: { exec: node(code) } });
      const [, one, other, folder = ''] = (await line(on, /^pids/)).split(' ');
      const pids = [Number(one), Number(other)];
      const ended = new Promise((resolve) => on.process.once('exit', resolve));
      on.process.kill(signal);
      await ended;
      await expect.poll(() => pids.map(lives), { timeout: 20_000 }).toEqual([false, false]);
      await expect.poll(() => existsSync(folder), { timeout: 20_000 }).toBe(false);
    },
  );

  test('ends what runs when the world is reset, and runs again what is restored', async () => {
    const on = await simulator();
    const code = "setInterval(() => {}, 1e6); console.log('pid ' + process.pid)";
    await machine(on, { init: { exec: node(code) } });
    const pid = Number((await line(on, /^pid/)).split(' ')[1]);
    const world = await (await fetch(`${on.api}/_fly/world`)).text();
    await send('POST', `${on.api}/_fly/reset`);
    expect(lives(pid)).toBe(false);
    expect((await fetch(`${on.api}/_fly/world`, { method: 'PUT', body: world })).status).toBe(200);
    const again = await line(on, new RegExp(`^pid (?!${pid}$)`));
    expect(lives(Number(again.split(' ')[1]))).toBe(true);
  });

  test('is called by no other name than one of the loopback', async () => {
    const on = await simulator();
    for (const [host, expected] of [
      ['evil.example', 421],
      ['127.0.0.1.evil.example', 421],
      ['localhost', 200],
    ] as const) {
      const status = await new Promise<number>((resolve, reject) => {
        const url = `${on.machines}/v1/apps/one/machines`;
        const outgoing = request(url, { headers: { ...headers, host } }, (incoming) => {
          incoming.resume();
          resolve(incoming.statusCode ?? 0);
        });
        outgoing.on('error', reject).end();
      });
      expect([host, status]).toEqual([host, expected]);
    }
  });
});

/** Whether there is a process of that number that has not ended. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
