import { fork, spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process that was started, in a group of its own. */
export interface Child {
  readonly process: ChildProcess;
  /** Its exit code; 128 and the number of the signal that ended it, as shells say it; 127 when there is no such program. */
  readonly ended: Promise<number>;
  /** Sends a signal to the whole group. */
  signal(name: NodeJS.Signals): void;
}

/** Processes that never outlive us. */
export interface Children {
  start(
    words: readonly string[],
    options: { cwd: string; env: Record<string, string>; stdin?: string },
  ): Child;
  /** SIGKILL for every group. */
  clear(): Promise<void>;
  /** Lets the keeper do its work. */
  close(): void;
}

/** How long the last output of a process may take to come. */
const LAST_WORDS_MS = 500;
const NOT_FOUND = 127;
const SIGNALLED = 128;
const NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGTERM: 15,
};

/** Starts the keeper, which ends what is left when we are gone, and removes the folder that it all was in. */
export function openChildren(folder: string): Children {
  const script = fileURLToPath(new URL('keeper.ts', import.meta.url).href.replace(/\.ts$/, EXTENSION));
  const keeper = fork(script, [folder], { stdio: 'ignore', detached: true });
  keeper.unref();
  keeper.channel?.unref();
  const running = new Set<Child>();

  return {
    start([program = '', ...args], { cwd, env, stdin }) {
      const child = spawn(program, args, {
        cwd,
        env,
        detached: true,
        stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      });
      const group = child.pid;
      const tell = (runs: boolean): void => {
        if (group !== undefined && keeper.connected) keeper.send({ group, runs });
      };
      tell(true);
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(stdin);
      const one: Child = {
        process: child,
        ended: endOf(child).then(async (code) => {
          // What the process has started and left behind goes with it.
          one.signal('SIGKILL');
          await drained(child);
          running.delete(one);
          tell(false);
          return code;
        }),
        signal(name) {
          try {
            if (group !== undefined) process.kill(-group, name);
          } catch {
            // The whole group has ended by itself.
          }
        },
      };
      running.add(one);
      return one;
    },
    async clear() {
      const left = [...running];
      for (const one of left) one.signal('SIGKILL');
      await Promise.all(left.map((one) => one.ended));
    },
    close() {
      if (keeper.connected) keeper.disconnect();
    },
  };
}

/** The keeper is the same kind of file as we are: the source under test, the built one otherwise. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(NOT_FOUND));
    child.once('exit', (code, signal) => resolve(code ?? SIGNALLED + (NUMBERS[signal ?? ''] ?? 0)));
  });
}

/** What it said last has come, or somebody who left its group keeps the line open and is not waited for. */
function drained(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LAST_WORDS_MS);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    if (child.pid === undefined) resolve();
  });
}
