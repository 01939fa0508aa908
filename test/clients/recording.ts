import { writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { runScenario, type Outcome } from './flyctl.ts';
import { record } from './replay.ts';
import { sequencesOf } from './sequence.ts';
import type { Scenario } from './scenarios.ts';
import type { ClientStage } from './stage.ts';

/** Path of a real flyctl. Without one these suites are skipped; the recorded requests are replayed all the same. */
export const BINARY = process.env['HANGAR_FLYCTL'];
/** With it, what passes is written down for the replay and for docs/clients.md. */
const RECORDS = process.env['HANGAR_FLYCTL_RECORD'] === '1';

/** Runs a scenario and expects of each line what it says of itself. */
export async function runAsSaid(scenario: Scenario, open: () => Promise<ClientStage>): Promise<void> {
  const stage = await open();
  let outcomes: Outcome[];
  try {
    outcomes = await runScenario(stage, BINARY ?? '', scenario);
  } finally {
    await stage.close();
  }
  if (RECORDS) writeDown(scenario, outcomes);
  const surprises = outcomes.filter(({ exitCode, output }, index) => {
    const { because, says = '' } = scenario.lines[index] ?? {};
    return (exitCode === 0) !== (because === undefined) || !output.includes(says);
  });
  expect(surprises.map(({ line, exitCode, output }) => ({ line, exitCode, output }))).toEqual([]);
}

function writeDown({ name, lines }: Scenario, outcomes: readonly Outcome[]): void {
  record(name, sequencesOf(outcomes));
  const results = lines.map(({ line, counted, because }, index) => ({
    line,
    works: outcomes[index]?.exitCode === 0,
    counted,
    because,
  }));
  writeFileSync(
    new URL(`results/${name}.jsonl`, import.meta.url),
    results.map((one) => `${JSON.stringify(one)}\n`).join(''),
  );
}
