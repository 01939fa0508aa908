import { GATEWAY_SCENARIOS } from './gateway-scenarios.ts';
import { openGatewayStage } from './gateway-stage.ts';
import { replays } from './replaying.ts';

replays(
  GATEWAY_SCENARIOS.map((scenario) => ({ client: 'flyctl', ...scenario })),
  openGatewayStage,
);
