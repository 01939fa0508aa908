import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  ChildFailedError,
  keepRunning,
  type ProcessPlan,
  type ServerProcess,
} from '../src/processes/keep-running.ts';

const started: ServerProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map(async (one) => await one.stop()));
});

/** Keeps a program running, and collects what it writes to standard output. */
function keep(
  program: string,
  plan: Pick<ProcessPlan, 'pause' | 'monotonicMs'> = {},
): { process: ServerProcess; lines: string[] } {
  const script = join(mkdtempSync(join(tmpdir(), 'hangar-child-')), 'child.mjs');
  writeFileSync(script, program);
  const lines: string[] = [];
  const process = keepRunning({
    script,
    ...plan,
    args: [],
    nodeArguments: [],
    environment: {},
    saysReady: (line) => line === 'ready',
    onLine: (line, stream) => stream === 'stdout' && lines.push(line),
  });
  started.push(process);
  return { process, lines };
}

test('a child that was ready and ends with an error nobody caught is started again', async () => {
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

const CRASHES = `
  console.log('ready');
  setImmediate(() => { throw new Error('nobody caught this'); });
`;

/** Lets so many pauses pass at once and stays in the next one until it is stopped. */
function pausing(count: number): { pause: NonNullable<ProcessPlan['pause']>; pauses: number[] } {
  const pauses: number[] = [];
  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    pauses.push(ms);
    if (pauses.length > count) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  };
  return { pause, pauses };
}

test('a child that crashes each time it is ready is started again after a pause that grows up to a bound', async () => {
  const { pause, pauses } = pausing(9);
  const { lines } = keep(CRASHES, { pause, monotonicMs: () => 0 });
  const expected = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
  await expect.poll(() => pauses, { timeout: 60_000 }).toEqual(expected);
  // One start at first, one at once after the first crash, and one after each pause that has passed.
  expect(lines).toEqual(Array.from({ length: 11 }, () => 'ready'));
}, 90_000);

test('a child that ran for long is started again at once', async () => {
  const { pause, pauses } = pausing(0);
  let now = 0;
  const { lines } = keep(CRASHES, { pause, monotonicMs: () => (now += 60_000) });
  await expect.poll(() => lines.length, { timeout: 60_000 }).toBeGreaterThan(3);
  expect(pauses).toEqual([]);
}, 90_000);

test('a child that is stopped in the pause before its next start stays away', async () => {
  const { pause, pauses } = pausing(0);
  const { process, lines } = keep(CRASHES, { pause, monotonicMs: () => 0 });
  await expect.poll(() => pauses, { timeout: 20_000 }).toHaveLength(1);
  await process.stop();
  expect(lines).toEqual(['ready', 'ready']);
}, 30_000);
