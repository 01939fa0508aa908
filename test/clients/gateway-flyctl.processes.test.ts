import { describe, test } from 'vitest';
import { createProcessRunner } from '../../packages/simulator/src/runner/process-runner.ts';
import { GATEWAY_SCENARIOS, RELEASE_COMMANDS } from './gateway-scenarios.ts';
import { openGatewayStage } from './gateway-stage.ts';
import { BINARY, runAsSaid } from './recording.ts';

const LONGEST_MS = 900_000;

describe.skipIf(BINARY === undefined)('a real flyctl (skipped unless HANGAR_FLYCTL names one)', () => {
  test.each(GATEWAY_SCENARIOS)(
    'does through the gateway what it can do: $name',
    async (scenario) => await runAsSaid(scenario, openGatewayStage),
    LONGEST_MS,
  );

  test(
    'shows the exit code of a release command',
    async () =>
      await runAsSaid(
        RELEASE_COMMANDS,
        async () => await openGatewayStage({ createRunner: createProcessRunner }),
      ),
    LONGEST_MS,
  );
});
