import { redactText } from '@hangar/security';
import type { ConfigProblem } from '../config.ts';

/** Of every command: it was called in a way that it does not know, and did nothing. */
export const EXIT_USAGE = 2;

/**
 * Ends the process without a word once nobody reads it any more, as in `hangar token list | head -1`. What runs on until a
 * signal gets that signal, so that its children end with it; anything else has said what it had to say, and its exit code
 * stands.
 */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM', 'SIGTERM');
      else process.exit();
    });
  }
}

/** Writes a line for people. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes what went wrong, and sets the exit code. The process ends by itself when nothing is left to do. */
export function fail(line: string, exitCode = 1): void {
  failInOurWords(redactText(line), exitCode);
}

/** The same for a sentence of our own, which holds no secret and may show what one looks like. */
export function failInOurWords(sentence: string, exitCode = 1): void {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = exitCode;
}

/** Every problem with the configuration at once, each with the variable's name and the remedy. */
export function failConfiguration(problems: readonly ConfigProblem[]): void {
  fail(
    `Hangar does not start: ${problems.length === 1 ? 'one problem' : `${problems.length} problems`} with the configuration.`,
  );
  for (const problem of problems) failInOurWords(`  ${problem.variable} ${problem.remedy}`);
}
