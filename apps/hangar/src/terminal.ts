import { redactText } from '@hangar/security';
import type { ConfigProblem } from './config.ts';

/** Writes a line for people. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes what went wrong, and sets the exit code. The process ends by itself when nothing is left to do. */
export function fail(line: string, exitCode = 1): void {
  process.stderr.write(`${redactText(line)}\n`);
  process.exitCode = exitCode;
}

/** Every problem with the configuration at once, each with the variable's name and the remedy. */
export function failConfiguration(problems: readonly ConfigProblem[]): void {
  fail(
    `Hangar does not start: ${problems.length === 1 ? 'one problem' : `${problems.length} problems`} with the configuration.`,
  );
  for (const problem of problems) fail(`  ${problem.variable} ${problem.remedy}`);
}
