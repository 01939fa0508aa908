import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGatewayStage, type GatewayStage } from './gateway-stage.ts';
import { recorded } from './replay.ts';
import { GATEWAY_SCENARIOS } from './gateway-scenarios.ts';
import { at } from './stage.ts';

let stage: GatewayStage;
beforeAll(async () => {
  stage = await openGatewayStage();
  await stage.ask('machines', 'POST', '/v1/apps', { app_name: 'vm' });
});
afterAll(() => stage.close());

/** Each question is a walk through the whole gateway. */
const LONG_MS = 240_000;

/** The same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The documents that flyctl sends. */
const DOCUMENTS = [
  ...new Set(
    GATEWAY_SCENARIOS.flatMap(({ name }) => recorded(name))
      .flatMap(({ steps }) => steps)
      .filter(({ path }) => path === '/graphql')
      .map(({ body }) => JSON.stringify(body)),
  ),
];
const PIECES = [
  '{',
  '}',
  '(',
  ')',
  '"',
  '\\',
  '\u0000',
  '…',
  '$',
  '!',
  ':',
  '...',
  'null',
  '1e999',
  '#',
  '@skip(if: $x)',
  '[',
  ']',
];

async function isAnswered(body: string): Promise<void> {
  const known = stage.errors.length;
  const answer = await fetch(`${stage.urls.api}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stage.token}`, 'content-type': 'application/json' },
    body,
  });
  const json: unknown = await answer.json();
  expect(answer.status, body).toBeLessThan(500);
  expect(JSON.stringify(json), body).not.toMatch(/"code":"internal"|\bat .*\.ts:/);
  expect(
    stage.errors.slice(known).filter(({ status }) => status >= 500),
    body,
  ).toEqual([]);
}

describe('a document that nobody meant', () => {
  it(
    'is answered, whatever is broken in it',
    async () => {
      expect(DOCUMENTS.length).toBeGreaterThan(20);
      const number = numbers(20261128);
      for (let round = 0; round < 200; round += 1) {
        let text = DOCUMENTS[number(DOCUMENTS.length)] ?? '';
        for (let times = number(4); times >= 0; times -= 1) {
          const start = number(text.length);
          const piece = number(2) === 0 ? (PIECES[number(PIECES.length)] ?? '') : '';
          text = text.slice(0, start) + piece + text.slice(start + number(12));
        }
        await isAnswered(text);
      }
    },
    LONG_MS,
  );

  it(
    'is answered, whatever its variables are',
    async () => {
      const number = numbers(7);
      const values = [
        null,
        true,
        0,
        -1,
        1.5,
        2 ** 53,
        '',
        'x',
        '\u0000',
        '../..',
        [],
        [[]],
        {},
        { a: 1 },
        'x'.repeat(5000),
      ];
      for (const document of DOCUMENTS)
        for (let round = 0; round < 2; round += 1) {
          const body = JSON.parse(document) as { query: string; variables?: Record<string, unknown> };
          const changed = Object.fromEntries(
            Object.keys(body.variables ?? {}).map((name) => [name, values[number(values.length)]]),
          );
          await isAnswered(JSON.stringify({ ...body, variables: changed }));
        }
    },
    LONG_MS,
  );

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no query', '{"variables":{}}'],
    ['a query that is no text', '{"query":{}}'],
    ['nothing', ''],
    ['two queries', '{"query":"{__typename}","query":"{__typename}"}'],
    ['two operations and no name', '{"query":"query A{__typename} query B{__typename}"}'],
    ['a subscription', '{"query":"subscription{x}"}'],
    ['a circle of fragments', '{"query":"{...A} fragment A on Queries{...B} fragment B on Queries{...A}"}'],
    ['sixty levels', JSON.stringify({ query: `${'{a'.repeat(60)}${'}'.repeat(60)}` })],
    ['six thousand words', JSON.stringify({ query: `{${'a '.repeat(6000)}}` })],
  ])('%s is answered', async (_, body) => {
    await isAnswered(body);
  });

  it('costs no more than a hundred questions, and no list of lists', async () => {
    const aliases = Array.from({ length: 150 }, (_, index) => `a${index}: app(name: "app-${index}") { id }`);
    const query = `{ ${aliases.join(' ')} }`;
    const answer = await stage.ask('api', 'POST', '/graphql', { query });
    const errors = (at(answer, 'errors') ?? []) as { message: string }[];
    expect(
      errors.filter(({ message }) => message === 'one question asks for more than 100 things'),
    ).toHaveLength(50);
  });

  it('is not answered when it is larger than a document is', async () => {
    const answer = await stage.ask('api', 'POST', '/graphql', { query: `# ${'x'.repeat(70_000)}` });
    expect(answer.status).toBe(413);
  });
});
