import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client } from 'undici';
import { until } from './waiting.ts';

/** A real process of ours that can be killed and brought back. */
export interface ServerProcess {
  readonly pid: number | undefined;
  /**
   * SIGKILL, as a crash would; it comes back by itself.
   * @throws Error when it was not this that ended it: then nothing was shown about a crash
   */
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
  /** Whether the process is ready; asked again and again until it is. */
  readonly isReady: () => Promise<boolean>;
  /** Sent to its standard input, which then stays open: the end of it tells a child that its parent is gone. */
  readonly input?: string;
  /** Told of each line the process writes; nothing is printed otherwise. */
  readonly onLine: (line: string) => void;
}

/** The script of the `hangar` command itself, as it is running now. */
export const hangarScript = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url),
);

/** From start to ready on a busy machine with a new database. */
const READY_WITHIN_MS = 60_000;

/**
 * Starts a process and keeps it alive: if it dies without being told to, whoever killed it, it is started
 * again on the same ports.
 */
export async function keepRunning(plan: ProcessPlan): Promise<ServerProcess> {
  let stopping = false;
  let child: ChildProcess | undefined;
  let exited: Promise<NodeJS.Signals | null> = Promise.resolve(null);
  const lastLines: string[] = [];

  const start = (): void => {
    const started = spawn(
      process.execPath,
      [...(plan.nodeArguments ?? process.execArgv), plan.script, ...plan.args],
      {
        env: { PATH: '/usr/bin:/bin', ...plan.environment },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    child = started;
    started.stdin.on('error', () => {});
    if (plan.input !== undefined) started.stdin.write(plan.input);
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        for (const line of text.split('\n').filter((part) => part !== '')) {
          lastLines.push(line);
          if (lastLines.length > 20) lastLines.shift();
          plan.onLine(line);
        }
      });
    }
    exited = new Promise((resolve) => {
      started.once('exit', (code, signal) => {
        resolve(signal);
        // Exit code 1 is a refusal with a reason: starting again would only repeat it.
        if (!stopping && code !== 1) start();
      });
    });
  };
  start();
  const ready = async (): Promise<void> => {
    try {
      await until(
        `${plan.args[0] ?? plan.script} is ready`,
        async () => {
          if (child?.exitCode === 1) throw new Error('it refused to start');
          return (await plan.isReady()) ? true : undefined;
        },
        READY_WITHIN_MS,
      );
    } catch (error) {
      throw new Error(`a process did not become ready. Its last words:\n${lastLines.join('\n')}`, {
        cause: error,
      });
    }
  };
  await ready();
  return {
    get pid() {
      return child?.pid;
    },
    kill: async () => {
      const dying = exited;
      child?.kill('SIGKILL');
      const signal = await dying;
      if (signal !== 'SIGKILL') throw new Error('a process had ended before it was killed');
      await ready();
    },
    stop: async () => {
      stopping = true;
      child?.kill('SIGTERM');
      await exited;
    },
  };
}

/** Asks an address, over a socket of the file system where one is given: ready is who answers 200. */
export function answersAt(
  url: string,
  ask: { method: string; body?: string; socket?: string } = { method: 'GET' },
) {
  return async (): Promise<boolean> => {
    const { method, body, socket } = ask;
    const client = new Client(new URL(url).origin, socket === undefined ? {} : { socketPath: socket });
    try {
      const { pathname } = new URL(url);
      const response = await client.request({
        method,
        path: pathname,
        ...(body === undefined ? {} : { body }),
      });
      await response.body.dump();
      return response.statusCode === 200;
    } catch {
      return false;
    } finally {
      await client.destroy();
    }
  };
}

/** `count` neighbouring ports that are free now. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = await tryPort(0);
    if (first === undefined || first + count > 65_535) continue;
    const rest = await Promise.all(
      Array.from({ length: count - 1 }, async (_, index) => await tryPort(first + 1 + index)),
    );
    if (rest.every((port) => port !== undefined)) return first;
  }
  throw new Error(`no ${count} neighbouring ports are free`);
}

async function tryPort(port: number): Promise<number | undefined> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : undefined));
    });
  });
}

/** A name that no other demo uses. */
export function freshName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}
