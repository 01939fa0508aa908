import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../test/harness/postgres.ts';
import { spawn, type ChildProcess } from 'node:child_process';

const main = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const children: ChildProcess[] = [];
let fly = '';

/** Starts a program and waits for its first line. */
async function start(script: string, args: readonly string[] = []): Promise<string> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(line.toString()));
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
  });
}

beforeAll(async () => {
  const port = await freePort();
  const ready = await start(main('packages/simulator/dist/main.js'), [
    '--port',
    '0',
    '--provider',
    `http://127.0.0.1:${port}/flyio`,
  ]);
  fly = (JSON.parse(ready) as { api: string }).api;
  await start(main('examples/logjam/dist/main.js'), [String(port), new URL(fly).port]);
}, 60_000);
afterAll(() => {
  for (const child of children) child.kill();
});

test('the example sells a drain, once, as its README says', async () => {
  const order = async (): Promise<{
    status: number;
    extension: { id: string; config: Record<string, string> };
  }> => {
    const answer = await fetch(`${fly}/_fly/extensions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'the-readme', name: 'my-drain' }),
    });
    return {
      status: answer.status,
      ...((await answer.json()) as { extension: { id: string; config: Record<string, string> } }),
    };
  };
  const first = await order();
  expect(first.extension.config['LOGJAM_URL']).toMatch(/^https:\/\/drain:.+@my-drain\.logjam\.example$/);
  expect((await order()).extension).toMatchObject({ id: first.extension.id, config: first.extension.config });
});
