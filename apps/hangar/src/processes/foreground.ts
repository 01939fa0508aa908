import { spawn } from 'node:child_process';

/** The code of a process that a signal ended, as shells tell it. */
const ENDED_BY_SIGNAL = 128;
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Runs a program of another package in the foreground, with its own arguments. It is a process of its own and has our input, output
 * and exit code; the channel between us tells it when we are gone, however that happened.
 */
export async function runInForeground(script: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[])
    process.on(signal, () => void child.kill(signal));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      resolve(code ?? ENDED_BY_SIGNAL + (signal === null ? 0 : (SIGNALS[signal as 'SIGINT'] ?? 0))),
    );
  });
}
