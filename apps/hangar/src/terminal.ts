import { HangarError, redactText } from '@hangar/security';
import { FolderLockedError } from '@hangar/store';
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

/** One clear sentence for a start that failed; what is not foreseen keeps its own words. */
export function failStart(error: unknown): void {
  if (error instanceof HangarError) fail(error.sentence);
  else if (error instanceof FolderLockedError) fail(error.message);
  else fail(`Hangar does not start: ${error instanceof Error ? error.message : String(error)}`);
}
