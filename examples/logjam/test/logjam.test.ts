import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { spawn, type ChildProcess } from 'node:child_process';

const main = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const children: ChildProcess[] = [];

/** Starts a program and waits for its first line. */
async function start(script: string, args: readonly string[] = []): Promise<void> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
  });
}

beforeAll(async () => {
  await start(main('packages/simulator/dist/main.js'), ['--provider', 'http://127.0.0.1:4800/flyio']);
  await start(main('examples/logjam/dist/main.js'));
}, 60_000);
afterAll(() => {
  for (const child of children) child.kill();
});

test('the example sells a drain, once, as its README says', async () => {
  const order = async (): Promise<{
    status: number;
    extension: { id: string; config: Record<string, string> };
  }> => {
    const answer = await fetch('http://127.0.0.1:4700/_fly/extensions', {
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
