import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runScenario, type Outcome } from './flyctl.ts';
import { record } from './replay.ts';
import { SCENARIOS } from './scenarios.ts';
import { sequencesOf } from './sequence.ts';
import { openClientStage } from './stage.ts';

/** Path of a real flyctl. Without one these suites are skipped; the recorded requests are replayed all the same. */
const BINARY = process.env['HANGAR_FLYCTL'];
/** With it, what passes is written down for the replay and for docs/clients.md. */
const RECORDS = process.env['HANGAR_FLYCTL_RECORD'] === '1';

const LONGEST_MS = 900_000;

describe.skipIf(BINARY === undefined)('a real flyctl (skipped unless HANGAR_FLYCTL names one)', () => {
  test.each(SCENARIOS)(
    'does what it can do: $name',
    async (scenario) => {
      const stage = await openClientStage();
      let outcomes: Outcome[];
      try {
        outcomes = await runScenario(stage, BINARY ?? '', scenario);
      } finally {
        await stage.close();
      }
      if (RECORDS) {
        record(scenario.name, sequencesOf(outcomes));
        const results = scenario.lines.map((line, index) => ({
          line,
          works: outcomes[index]?.exitCode === 0,
        }));
        writeFileSync(
          new URL(`results/${scenario.name}.jsonl`, import.meta.url),
          results
            .map(
              ({ line: { line, counted, because }, works }) =>
                `${JSON.stringify({ line, works, counted, because })}\n`,
            )
            .join(''),
        );
      }
      const surprises = outcomes.filter(({ line, exitCode }) => {
        const because = scenario.lines.find((one) => one.line === line)?.because;
        return (exitCode === 0) !== (because === undefined);
      });
      expect(surprises.map(({ line, exitCode, output }) => ({ line, exitCode, output }))).toEqual([]);
    },
    LONGEST_MS,
  );
});
