import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ChildFailedError, keepRunning, type ServerProcess } from '../src/processes.ts';

const started: ServerProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map(async (one) => await one.stop()));
});

/** Keeps a program running, and collects what it writes to standard output. */
function keep(program: string): { process: ServerProcess; lines: string[] } {
  const script = join(mkdtempSync(join(tmpdir(), 'hangar-child-')), 'child.mjs');
  writeFileSync(script, program);
  const lines: string[] = [];
  const process = keepRunning({
    script,
    args: [],
    nodeArguments: [],
    environment: {},
    saysReady: (line) => line === 'ready',
    onLine: (line, stream) => stream === 'stdout' && lines.push(line),
  });
  started.push(process);
  return { process, lines };
}

test('a child that was ready and ends with an error nobody caught is started again (P-15)', async () => {
  const { process, lines } = keep(`
    import { existsSync, writeFileSync } from 'node:fs';
    const mark = new URL('./crashed', import.meta.url);
    console.log('ready');
    if (existsSync(mark)) setInterval(() => {}, 1000);
    else {
      writeFileSync(mark, '');
      setImmediate(() => { throw new Error('nobody caught this'); });
    }
  `);
  await process.ready;
  await expect.poll(() => lines, { timeout: 20_000 }).toEqual(['ready', 'ready']);
});

test('a child that refuses to start is not', async () => {
  const { process, lines } = keep(`
    console.log('refused');
    console.error('a reason');
    process.exitCode = 1;
  `);
  await expect(process.ready).rejects.toThrow(ChildFailedError);
  await expect(process.ready).rejects.toThrow('a reason');
  expect(lines).toEqual(['refused']);
});
