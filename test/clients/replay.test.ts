import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recorded, replay, resultsOf } from './replay.ts';
import { SCENARIOS, type Line } from './scenarios.ts';
import { openClientStage, OPERATOR_TOKEN, type ClientStage } from './stage.ts';

/** The scenarios of flyctl, and the calls of fly-go, which are all the operator's. */
const CLIENTS = [
  ...SCENARIOS.map((scenario) => ({ client: 'flyctl', ...scenario })),
  { client: 'the Machines client of fly-go', name: 'fly-go', lines: resultsOf('fly-go') },
];

describe.each(CLIENTS)('what $client sends: $name', ({ name, lines }) => {
  const sequences = recorded(name);
  const texts = new Map<string, string>();
  const actors = new Map(lines.map((one: Line, index) => [index, one.as]));
  const logins = new Map<string, string>();
  let stage: ClientStage;
  beforeAll(async () => {
    stage = await openClientStage();
  });
  afterAll(() => stage.close());

  test('was recorded of every line', () => {
    expect(sequences.map(({ line }) => line)).toEqual(lines.map(({ line }) => line));
  });

  // In their order: each line works in the world that the lines before it have made.
  test.each(sequences.map((sequence, index) => ({ ...sequence, as: actors.get(index) })))(
    '$line',
    async ({ steps, as }) => {
      const token = as === undefined ? OPERATOR_TOKEN : (logins.get(as) ?? (await stage.login(as)));
      if (as !== undefined) logins.set(as, token);
      await stage.settled();
      const wrong: string[] = [];
      for (const step of steps) wrong.push(...(await replay(stage, step, texts, token)));
      expect(wrong).toEqual([]);
    },
  );
});
