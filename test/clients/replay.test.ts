import { resultsOf } from './replay.ts';
import { replays } from './replaying.ts';
import { SCENARIOS } from './scenarios.ts';
import { openClientStage } from './stage.ts';

/** The scenarios of flyctl, and the calls of fly-go, which are all the operator's. */
replays(
  [
    ...SCENARIOS.map((scenario) => ({ client: 'flyctl', ...scenario })),
    { client: 'the Machines client of fly-go', name: 'fly-go', lines: resultsOf('fly-go') },
  ],
  openClientStage,
);
