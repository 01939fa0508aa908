import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { builtHangar } from './built.ts';

export { saysServing } from '../../apps/hangar/src/processes/keep-running.ts';

/** How a process is started. Its environment is exactly this one, beside a `PATH`. */
export interface ProcessPlan {
  /** Default: the built `hangar`. */
  readonly script?: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Written to its standard input, which then stays open. */
  readonly input?: string;
}

/** How a process ended: by itself with a code, or by a signal. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real process, which stays dead when it dies. */
export interface RealProcess {
  readonly pid: number;
  /** Every line it wrote so far, from both streams. */
  readonly lines: readonly string[];
  readonly ended: Promise<Ending>;
  isAlive(): boolean;
  /**
   * The first line that matches, written before or yet to come.
   *
   * @throws Error with its last words when the process ends without having written one.
   */
  line(matches: (line: string) => boolean): Promise<string>;
  /**
   * SIGKILL to this process alone, as a crash would be.
   *
   * @throws Error when it had ended before, or ended otherwise: then the test has not tested a crash.
   */
  kill(): Promise<void>;
  /**
   * SIGTERM, as an orchestrator sends it.
   *
   * @throws Error when it does not end with code 0.
   */
  stop(): Promise<void>;
}

/** What was started and has not ended; a test run that ends early leaves nothing behind. */
const RUNNING = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of RUNNING) child.kill('SIGKILL');
});

/** Starts a process. It is not awaited: {@link RealProcess.line} tells when it is ready. */
export function startProcess(plan: ProcessPlan): RealProcess {
  const child = spawn(process.execPath, [plan.script ?? builtHangar, ...plan.args], {
    env: { PATH: '/usr/bin:/bin', ...plan.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  RUNNING.add(child);
  child.stdin.on('error', () => {});
  if (plan.input !== undefined) child.stdin.write(plan.input);
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      lines.push(line);
      for (const look of waiting) look(line);
    });
  }
  // `close` comes after both streams have ended, so that the last words are among the lines.
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      RUNNING.delete(child);
      resolve({ code, signal });
    });
  });
  const pid = child.pid ?? 0;
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const endedBy = async (signal: 'SIGKILL' | 'SIGTERM', wanted: Ending): Promise<void> => {
    if (!isAlive()) throw new Error(`process ${pid} was dead before ${signal}: ${lastWords(lines)}`);
    child.kill(signal);
    const ending = await ended;
    if (ending.code !== wanted.code || ending.signal !== wanted.signal) {
      throw new Error(`process ${pid} ended with ${JSON.stringify(ending)}: ${lastWords(lines)}`);
    }
  };
  return {
    pid,
    lines,
    ended,
    isAlive,
    line: async (matches) => {
      const found = lines.find(matches);
      if (found !== undefined) return found;
      return await new Promise<string>((resolve, reject) => {
        const look = (line: string): void => {
          if (!matches(line)) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        void ended.then(
          (ending) =>
            reject(new Error(`process ${pid} ended with ${JSON.stringify(ending)}: ${lastWords(lines)}`)),
          reject,
        );
      });
    },
    kill: async () => await endedBy('SIGKILL', { code: null, signal: 'SIGKILL' }),
    stop: async () => await endedBy('SIGTERM', { code: 0, signal: null }),
  };
}

/** Runs a process until it ends by itself. */
export async function runProcess(plan: ProcessPlan): Promise<Ending & { readonly output: string }> {
  const one = startProcess(plan);
  const ending = await one.ended;
  return { ...ending, output: one.lines.join('\n') };
}

/** The processes that a process has started and that live. Linux shows them as a file. */
export function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Whether a process is there, whoever started it. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function lastWords(lines: readonly string[]): string {
  return `its last words:\n${lines.slice(-20).join('\n')}`;
}
