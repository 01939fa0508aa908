import { createProcessRunner } from '../../packages/simulator/src/runner/process-runner.ts';
import { GATEWAY_SCENARIOS, RELEASE_COMMANDS } from './gateway-scenarios.ts';
import { openGatewayStage } from './gateway-stage.ts';
import { replays } from './replaying.ts';

replays(
  GATEWAY_SCENARIOS.map((scenario) => ({ client: 'flyctl', ...scenario })),
  openGatewayStage,
);
replays(
  [{ client: 'flyctl', ...RELEASE_COMMANDS }],
  async () => await openGatewayStage({ createRunner: createProcessRunner }),
);
