import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A real process of ours that can be killed and brought back. */
export interface ServerProcess {
  readonly pid: number | undefined;
  /**
   * The child itself has said that it is ready.
   *
   * @throws ChildFailedError when it refuses to start, or is not ready in a minute.
   */
  readonly ready: Promise<void>;
  /** SIGKILL, as a crash would; it comes back by itself. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** How a process is started. */
export interface ProcessPlan {
  readonly script: string;
  readonly args: readonly string[];
  /** Node's own arguments. Default: those this process runs with. */
  readonly nodeArguments?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Whether a line is the one with which the child says that it is ready. It comes through a pipe that only the child has: an
   * address may be answered by anybody.
   */
  readonly saysReady: (line: string) => boolean;
  /** Sent to its standard input, which then stays open: the end of it tells a child that its parent is gone. */
  readonly input?: string;
  /** Told of each whole line the process writes; nothing is printed otherwise. */
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Waits between a crash and the next start; ends at once when the signal is aborted. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Tells how long a child ran. */
  readonly monotonicMs?: () => number;
}

/** A child that does not come up. `lastWords` is what it wrote to standard error, which may hold anything. */
export class ChildFailedError extends Error {
  override readonly name = 'ChildFailedError';
  readonly lastWords: string;

  constructor(what: string, lines: readonly string[]) {
    const lastWords = lines.join('\n');
    super(`${what}. Its last words:\n${lastWords}`);
    this.lastWords = lastWords;
  }
}

/** The script of the `hangar` command itself, as it is running now. */
export const hangarScript = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../main.ts' : '../main.js', import.meta.url),
);

/** The line with which `hangar serve` and `hangar authority` say that they serve. */
export function saysServing(line: string): boolean {
  return line.includes('"msg":"serving"');
}

/** From start to ready on a busy machine with a new database. */
const READY_WITHIN_MS = 60_000;

/** Of what a child says, so much is shown when it does not come up. */
const LAST_LINES = 20;

/** A child that ran for this long is not in a loop of crashes: its end counts as the first. */
const STEADY_MS = 60_000;

/** The pause after the second crash in a row; each further one doubles it. */
const FIRST_PAUSE_MS = 250;

/** Long enough not to load the machine, short enough for somebody who has just mended the cause. */
const LONGEST_PAUSE_MS = 30_000;

/** The pause before the next start: none after one crash, then longer with each. */
function pauseMsAfter(crashes: number): number {
  return crashes < 2 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (crashes - 2), LONGEST_PAUSE_MS);
}

/**
 * Starts a process and keeps it alive: if it dies without being told to, it is started again on the same ports, at once
 * after the first crash and later after each further one. It is there from the moment this returns, so that the caller can
 * stop it whatever comes next.
 */
export function keepRunning(plan: ProcessPlan): ServerProcess {
  const pause = plan.pause ?? pauseUnlessStopped;
  const monotonicMs = plan.monotonicMs ?? (() => performance.now());
  const stopped = new AbortController();
  let crashes = 0;
  let child: ChildProcess | undefined;
  let exited: Promise<void> = Promise.resolve();
  let ready: Promise<void> = Promise.resolve();

  const start = (): Promise<void> => {
    const startedAt = monotonicMs();
    const started = spawn(
      process.execPath,
      [...(plan.nodeArguments ?? process.execArgv), plan.script, ...plan.args],
      {
        env: { PATH: '/usr/bin:/bin', ...plan.environment },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    child = started;
    // A child that cannot be started, or has gone, tells so on its pipes too; the exit is what is acted upon.
    started.stdin.on('error', () => {});
    if (plan.input !== undefined) started.stdin.write(plan.input);
    const lines: string[] = [];
    let wasReady = false;
    ready = new Promise<void>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new ChildFailedError('a process did not become ready', lines)),
        READY_WITHIN_MS,
      );
      for (const name of ['stdout', 'stderr'] as const) {
        const stream = started[name];
        stream.on('error', () => {});
        createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
          if (line === '') return;
          if (name === 'stderr' && lines.push(line) > LAST_LINES) lines.shift();
          plan.onLine(line, name);
          if (!plan.saysReady(line)) return;
          clearTimeout(late);
          wasReady = true;
          resolve();
        });
      }
      // `close` comes after both streams have ended, so that the last words are known.
      started.once('close', () => {
        clearTimeout(late);
        reject(new ChildFailedError('a process ended before it was ready', lines));
      });
      started.once('error', reject);
    });
    ready.catch(() => {});
    exited = new Promise((resolve) => {
      started.once('error', () => resolve());
      started.once('exit', (code) => {
        resolve();
        // Exit code 1 before it is ready is a refusal with a reason, which another start would only repeat. Exit code 1 of a
        // child that was ready is an uncaught error: a crash like any other.
        if (stopped.signal.aborted || (!wasReady && code === 1)) return;
        crashes = monotonicMs() - startedAt < STEADY_MS ? crashes + 1 : 1;
        ready = startAgain();
        ready.catch(() => {});
      });
    });
    return ready;
  };
  const startAgain = async (): Promise<void> => {
    const ms = pauseMsAfter(crashes);
    if (ms > 0) await pause(ms, stopped.signal);
    if (!stopped.signal.aborted) await start();
  };
  void start();
  return {
    get pid() {
      return child?.pid;
    },
    ready,
    kill: async () => {
      const dying = exited;
      crashes = 0;
      child?.kill('SIGKILL');
      await dying;
      await ready;
    },
    stop: async () => {
      stopped.abort();
      child?.kill('SIGTERM');
      await exited;
    },
  };
}

async function pauseUnlessStopped(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

/**
 * Below what systems give to outgoing connections (Linux from 32768 on): one of those would take a port between this
 * look and its use.
 */
const PORTS = { from: 15_000, to: 32_000 } as const;

/** The first of `count` neighbouring ports that are free now. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = randomInt(PORTS.from, PORTS.to - count);
    const free = await Promise.all(
      Array.from({ length: count }, async (_, index) => await isFree(first + index)),
    );
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} neighbouring ports are free`);
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** A name that no other demo uses. */
export function freshName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}
