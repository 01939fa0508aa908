import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort } from '../../../test/harness/postgres.ts';

interface Sold {
  readonly extension: { readonly id: string; readonly name: string; readonly config: Record<string, string> };
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const readme = readFileSync(`${root}/examples/logjam/README.md`, 'utf8');
const [build, simulator, seller, order] = (/```sh\n(.*?)```/s.exec(readme)?.[1] ?? '').trim().split('\n');
const children: ChildProcess[] = [];
let flyPort = '';
let announced = '';
let own = '';
/** What the programs wrote to standard error. */
let complaints = '';

/** Starts a program as the README does, `node SCRIPT … &`, with ports of its own, and waits for its first line. */
async function start(command: string | undefined, args: readonly string[]): Promise<string> {
  const script = /^node (\S+) .*&$/.exec(command ?? '')?.[1] ?? '';
  const child = spawn(process.execPath, [script, ...args], {
    cwd: root,
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    complaints += bytes.toString();
  });
  children.push(child);
  return await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(line.toString()));
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code}`)));
  });
}

/** Runs the README's own order, changed as the text below it says. */
function ordered(change: (command: string) => string = (command) => command): Sold {
  const command = change(order ?? '').replace('127.0.0.1:4700', `127.0.0.1:${flyPort}`);
  return JSON.parse(execFileSync('bash', ['-eu', '-c', command], { encoding: 'utf8' })) as Sold;
}

beforeAll(async () => {
  const port = await freePort();
  const provider = /--provider (\S+)/.exec(simulator ?? '')?.[1]?.replace('4800', String(port)) ?? '';
  own = provider;
  const ready = await start(simulator, ['--json', '--port', '0', '--provider', provider]);
  flyPort = new URL((JSON.parse(ready) as { api: string }).api).port;
  announced = `${await start(seller, [String(port), flyPort])} ${provider}`;
}, 60_000);
afterAll(() => {
  for (const child of children) child.kill();
});

test('the README says how, and its order sells the drain that was ordered', () => {
  expect(build).toBe('npm run build');
  const [at, asked] = announced.split('\n');
  expect(at).toBe(`Logjam sells at${asked}`);
  const { extension } = ordered();
  expect(extension.name).toBe('my-drain');
  expect(extension.config['LOGJAM_URL']).toMatch(/^https:\/\/drain:.+@[0-9a-f-]{36}\.logjam\.example$/);
});

test('the same order again, with the same id, is the same drain; without, it is another', () => {
  const again = (): Sold => ordered((command) => command.replace('{"name"', '{"id":"the-readme","name"'));
  const { extension } = again();
  expect(again().extension).toMatchObject({ id: extension.id, config: extension.config });
  expect(ordered().extension.id).not.toBe(extension.id);
});

test('whoever sends a wrong signature hears nothing of why; whoever runs the example reads it', async () => {
  const answer = await fetch(`${own}/extensions`, {
    method: 'POST',
    headers: { 'x-signature': '0'.repeat(64) },
    body: '{}',
  });
  expect([answer.status, (await answer.json()) as unknown]).toMatchObject([
    401,
    { error: 'invalid signature' },
  ]);
  await vi.waitFor(() => expect(complaints).toContain('signature_mismatch'));
  expect(complaints).toContain(
    'The signature is of other bytes, or made with a secret that is not held here.',
  );
  expect(JSON.parse(complaints.trim().split('\n').at(-1) ?? '')).toMatchObject({
    level: 'warn',
    code: 'unauthorized',
    requestId: answer.headers.get('x-request-id'),
  });
});
