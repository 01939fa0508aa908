import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FileLockedError } from '@hangar/security';
import { lockFolder } from '@hangar/store';

const holdScript = fileURLToPath(new URL('./hold-lock.mjs', import.meta.url));

function lockFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'hangar-lock-')), 'pg.lock');
}

/** Starts a process that tries for the lock, says how it went, and keeps what it got until it is killed. */
function start(file: string): { child: ChildProcess; word: Promise<string> } {
  const child = spawn(process.execPath, [holdScript, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const word = new Promise<string>((resolve) =>
    child.stdout.once('data', (said: Buffer) => resolve(said.toString().trim())),
  );
  return { child, word };
}

/** A process that holds the lock. */
async function holder(file: string): Promise<ChildProcess> {
  const { child, word } = start(file);
  expect(await word).toBe('held');
  return child;
}

/** The letter that the kernel shows for a process: R runs, S sleeps, T is stopped. */
function stateOf({ pid }: ChildProcess): string | undefined {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return line.slice(line.lastIndexOf(')') + 2)[0];
}

describe('the lock of the embedded database', () => {
  test('a second process is refused at once, and told who holds the folder and what to do', async () => {
    const file = lockFile();
    const child = await holder(file);
    expect(() => lockFolder(file)).toThrow(FileLockedError);
    expect(() => lockFolder(file)).toThrow(new RegExp(`process ${child.pid}.*DATABASE_URL`));
    child.kill('SIGKILL');
  });

  test('a holder that was killed leaves nothing in the way', async () => {
    const file = lockFile();
    const child = await holder(file);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    lockFolder(file).release();
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });

  test('a stopped holder is alive, and is never robbed', async () => {
    const file = lockFile();
    const child = await holder(file);
    child.kill('SIGSTOP');
    while (stateOf(child) !== 'T') await new Promise((resolve) => setImmediate(resolve));
    expect(() => lockFolder(file)).toThrow(FileLockedError);
    child.kill('SIGKILL');
  });

  test('a reused pid is not the holder', () => {
    const file = lockFile();
    lockFolder(file);
    const mine = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...mine, startedAt: '1', token: 'somebody-else' }));
    expect(() => lockFolder(file).release()).not.toThrow();
  });

  test('a holder on another machine cannot be judged from here, so it is believed', () => {
    const file = lockFile();
    writeFileSync(file, JSON.stringify({ pid: 1, startedAt: '1', boot: 'x', host: 'elsewhere', token: 't' }));
    expect(() => lockFolder(file)).toThrow(FileLockedError);
  });

  test('KEY-5: of many starters at one corpse exactly one wins', async () => {
    const file = lockFile();
    leaveCorpse(file);
    const starters = Array.from({ length: 8 }, () => start(file));
    const words = await Promise.all(starters.map(async ({ word }) => await word));
    for (const { child } of starters) child.kill('SIGKILL');
    expect(words.filter((word) => word === 'held')).toHaveLength(1);
    expect(words.filter((word) => word === 'refused')).toHaveLength(7);
  });
});

/** Leaves a lock whose holder is dead: a process that took it and ended without releasing. */
function leaveCorpse(file: string): void {
  spawnSync(process.execPath, [holdScript, file, 'die']);
}
