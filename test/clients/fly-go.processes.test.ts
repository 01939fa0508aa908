import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { buildCalls, runCalls } from './fly-go.ts';
import { record } from './replay.ts';
import { sequencesOf } from './sequence.ts';
import { openClientStage } from './stage.ts';

/** With it, what passes is written down for the replay and for docs/clients.md. */
const RECORDS = process.env['HANGAR_FLY_GO_RECORD'] === '1';

/** Why a call cannot work here. Undefined: it works. */
const becauseOf = (line: string): string | undefined =>
  line.includes('ManagedPostgres') ? 'managed Postgres is not simulated' : undefined;

const LONGEST_MS = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'fly-go-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const program = buildCalls(join(folder, 'calls'));

describe.skipIf(program === undefined)('fly-go (skipped where there is no Go, or no modules for it)', () => {
  test(
    'every method of its Machines client works, but for those that have a reason',
    async () => {
      const stage = await openClientStage();
      let run;
      try {
        run = await runCalls(stage, program ?? '');
      } finally {
        await stage.close();
      }
      const { outcomes, uncalled } = run;
      if (RECORDS) {
        record('fly-go', sequencesOf(outcomes));
        const results = outcomes.map(({ line, works }) => ({ line, works, because: becauseOf(line) }));
        writeFileSync(
          new URL('results/fly-go.jsonl', import.meta.url),
          results.map((row) => `${JSON.stringify(row)}\n`).join(''),
        );
      }
      const surprises = outcomes.filter(({ line, works }) => works === (becauseOf(line) !== undefined));
      expect(surprises.map(({ line, error }) => ({ line, error }))).toEqual([]);
      expect(uncalled).toEqual([]);
    },
    LONGEST_MS,
  );
});
