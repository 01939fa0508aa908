import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recorded, replay } from './replay.ts';
import type { Scenario } from './scenarios.ts';
import type { ClientStage } from './stage.ts';

/** Suites that send what a client sent, line by line, and expect what it reads. */
export function replays(
  scenarios: readonly (Scenario & { readonly client: string })[],
  open: () => Promise<ClientStage>,
): void {
  describe.each(scenarios)('what $client sends: $name', ({ name, lines }) => {
    const sequences = recorded(name);
    const texts = new Map<string, string>();
    const logins = new Map<string, string>();
    let stage: ClientStage;
    beforeAll(async () => {
      stage = await open();
    });
    afterAll(() => stage.close());

    test('was recorded of every line', () => {
      expect(sequences.map(({ line }) => line)).toEqual(lines.map(({ line }) => line));
    });

    // In their order: each line works in the world that the lines before it have made.
    test.each(sequences.map((sequence, index) => ({ ...sequence, as: lines[index]?.as })))(
      '$line',
      async ({ steps, as }) => {
        const token = as === undefined ? stage.token : (logins.get(as) ?? (await stage.login(as)));
        if (as !== undefined) logins.set(as, token);
        await stage.settled();
        const wrong: string[] = [];
        for (const step of steps) wrong.push(...(await replay(stage, step, texts, token)));
        expect(wrong).toEqual([]);
      },
    );
  });
}
