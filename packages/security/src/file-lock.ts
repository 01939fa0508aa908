import { linkSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '@hangar/http';

/**
 * One process at a time. The lock is a file beside what it guards that names its holder. It is taken over only when that very
 * process is gone (same machine and boot, pid dead or reused), never because of its age: a long query
 * blocks the event loop, so a live holder may look stale.
 */
export interface FileLock {
  /** Gives it back. Only ever removes its own file. */
  release(): void;
}

/** What is guarded, in the words of whoever is refused. */
export interface Guarded {
  /** Such as `The database folder`: the beginning of a sentence. */
  readonly what: string;
  /** What to do while somebody else has it, as a sentence. */
  readonly remedy: string;
}

/** Who holds a lock, as written in its file. */
export interface LockHolder {
  readonly pid: number;
  readonly startedAt: string;
  readonly boot: string;
  readonly host: string;
  readonly token: string;
}

/** In use by another live process, or by one that cannot be judged from here. */
export class FileLockedError extends Error {
  readonly holder: LockHolder | undefined;
  readonly file: string;

  constructor(file: string, holder: LockHolder | undefined, { what, remedy }: Guarded) {
    super(
      holder === undefined
        ? `${what} may be in use: the lock file ${file} cannot be read. Remove it if nobody has what it guards.`
        : `${what} is in use by process ${holder.pid} on ${holder.host} (lock ${file}). ${remedy}`,
    );
    this.name = 'FileLockedError';
    this.holder = holder;
    this.file = file;
  }
}

/** A reaper that died between two system calls leaves its marker behind; after this it is cleared. */
const ABANDONED_MARKER_MS = 5_000;

/**
 * Takes the lock `file`, or throws {@link FileLockedError} at once. Never waits.
 *
 * @throws FileLockedError when a live process holds it, or one on another machine or boot namespace.
 */
export function lockFile(file: string, guarded: Guarded): FileLock {
  const mine: LockHolder = {
    pid: process.pid,
    startedAt: startTimeOf(process.pid) ?? 'unknown',
    boot: bootId(),
    host: hostname(),
    token: randomUUID(),
  };
  const draft = `${file}.${mine.token}`;
  writeFileSync(draft, JSON.stringify(mine), { flag: 'wx', mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      if (tryLink(draft, file)) return { release: () => releaseIfMine(file, mine.token) };
      const holder = readHolder(file);
      if (holder === 'gone') continue;
      if (holder === undefined || !isDead(holder)) throw new FileLockedError(file, holder, guarded);
      reap(file, holder.token);
    }
    const holder = readHolder(file);
    throw new FileLockedError(file, holder === 'gone' ? undefined : holder, guarded);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A hard link appears whole or not at all, so nobody ever reads a half-written lock. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a dead holder's file. Several starters may find the same corpse; the marker, a hard link named
 * after the dead token, lets one of them act, and proves that the file is still the corpse's.
 */
function reap(file: string, deadToken: string): void {
  const marker = `${file}.reaping-${deadToken}`;
  try {
    if (!tryLink(file, marker)) {
      if (systemClock().getTime() - statSync(marker).ctimeMs > ABANDONED_MARKER_MS)
        rmSync(marker, { force: true });
      return;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const found = readHolder(marker);
  if (found !== undefined && found !== 'gone' && found.token === deadToken) rmSync(file, { force: true });
  rmSync(marker, { force: true });
}

function releaseIfMine(file: string, token: string): void {
  const holder = readHolder(file);
  if (holder !== undefined && holder !== 'gone' && holder.token === token) unlinkSync(file);
}

function readHolder(file: string): LockHolder | 'gone' | undefined {
  try {
    const parsed = JSON.parse(readFileSync(file, 'utf8')) as Partial<LockHolder>;
    if (typeof parsed.pid !== 'number' || typeof parsed.token !== 'string') return undefined;
    return parsed as LockHolder;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : undefined;
  }
}

/** Dead is only what can be proved dead: same host and boot, and no process with that pid and start time. */
function isDead(holder: LockHolder): boolean {
  if (holder.host !== hostname()) return false;
  if (holder.boot !== bootId()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const started = startTimeOf(holder.pid);
  return started !== undefined && holder.startedAt !== 'unknown' && started !== holder.startedAt;
}

/** Field 22 of /proc/PID/stat: a reused pid has another one. Undefined where there is no /proc. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
