import { describe, test } from 'vitest';
import { BINARY, runAsSaid } from './recording.ts';
import { SCENARIOS } from './scenarios.ts';
import { openClientStage } from './stage.ts';

const LONGEST_MS = 900_000;

describe.skipIf(BINARY === undefined)('a real flyctl (skipped unless HANGAR_FLYCTL names one)', () => {
  test.each(SCENARIOS)(
    'does what it can do: $name',
    async (scenario) => await runAsSaid(scenario, openClientStage),
    LONGEST_MS,
  );
});
