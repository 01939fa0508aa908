import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flaps, send, stage, type Answer, type Stage } from './world.ts';
import { simulatedSecrets } from '../src/index.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];

const ask = (on: Stage, query: string, variables: object = {}): Promise<Answer> =>
  send('POST', `${on.api}/graphql`, {
    body: { query, variables },
    headers: { authorization: `Bearer ${simulatedSecrets.operatorToken}` },
  });

const LIST = `query ($first: Int, $last: Int, $after: String, $before: String) {
  apps(first: $first, last: $last, after: $after, before: $before) {
    nodes { name } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }`;

const cursor = (place: number): string => Buffer.from(String(place)).toString('base64url');

async function withApps(): Promise<Stage> {
  const on = await stage();
  for (const name of NAMES) await flaps(on)('POST', '/apps', { app_name: name, org_slug: 'operator' });
  return on;
}

async function names(on: Stage, page: object): Promise<string> {
  const answer = await ask(on, LIST, page);
  expect(answer.at('errors')).toBeUndefined();
  return (answer.at('data.apps.nodes') as { name: string }[]).map((one) => one.name).join('');
}

describe('a connection', () => {
  test('gives the part of the list that is asked for', async () => {
    const on = await withApps();
    expect(await names(on, {})).toBe('abcde');
    expect(await names(on, { first: 2 })).toBe('ab');
    expect(await names(on, { first: 2, after: cursor(2) })).toBe('cd');
    expect(await names(on, { last: 2 })).toBe('de');
    expect(await names(on, { last: 2, before: cursor(4) })).toBe('bc');
    expect(await names(on, { after: cursor(1), before: cursor(4) })).toBe('bc');
    expect(await names(on, { first: 99, after: '' })).toBe('abcde');
  });

  test('says where the page is', async () => {
    const on = await withApps();
    const page = async (given: object) => (await ask(on, LIST, given)).at('data.apps.pageInfo');
    expect(await page({ first: 2, after: cursor(1) })).toEqual({
      hasNextPage: true,
      hasPreviousPage: true,
      startCursor: cursor(2),
      endCursor: cursor(3),
    });
    expect(await page({ first: 0 })).toMatchObject({ hasNextPage: true, startCursor: null, endCursor: null });
  });

  // The library behind api.fly.io takes a number below zero for zero.
  test('is empty for zero and for less', async () => {
    const on = await withApps();
    for (const page of [{ first: 0 }, { first: -1 }, { first: -2_147_483_648 }, { last: 0 }, { last: -3 }])
      expect(await names(on, page), JSON.stringify(page)).toBe('');
    const answer = await ask(on, '{ app(name: "a") { releases(first: -1) { nodes { id } totalCount } } }');
    expect(answer.at('data.app.releases')).toEqual({ nodes: [], totalCount: 0 });
  });

  test('is empty for a cursor behind the end, and refuses what is no cursor in a few words', async () => {
    const on = await withApps();
    expect(await names(on, { after: cursor(5) })).toBe('');
    expect(await names(on, { after: cursor(999_999_999_999_999) })).toBe('');
    expect(await names(on, { before: cursor(0) })).toBe('');
    for (const after of ['garbage', cursor(-1), 'A'.repeat(100_000), '\u0000', cursor(1e21)]) {
      const answer = await ask(on, LIST, { after });
      expect(answer.status).toBe(200);
      expect(answer.text('errors.0.message')).toMatch(/^Invalid cursor: /);
      expect(answer.text('errors.0.message').length).toBeLessThan(700);
    }
  });

  test('refuses arguments of another type by their names', async () => {
    const on = await withApps();
    for (const [page, word] of [
      [{ first: 'two' }, 'first'],
      [{ first: 1.5 }, 'first'],
      [{ first: 2_147_483_648 }, 'first'],
      [{ last: [1] }, 'last'],
      [{ after: 7 }, 'after'],
      [{ before: { a: 1 } }, 'before'],
    ] as const) {
      const answer = await ask(on, LIST, page);
      expect([answer.status, answer.at('data')]).toEqual([200, undefined]);
      expect(answer.text('errors.0.message')).toContain(`$${word}`);
    }
    for (const field of ['apps(first: "2")', 'apps(offset: 2)', 'apps(first: 2, first: 3)']) {
      const answer = await ask(on, `{ ${field} { totalCount } }`);
      expect(answer.text('errors.0.message'), field).not.toBe('');
      expect(answer.at('data')).toBeUndefined();
    }
  });

  test('is a slice of the list whatever is asked', async () => {
    const on = await withApps();
    const count = fc.option(fc.integer({ min: -3, max: 7 }), { nil: null });
    const place = fc.option(fc.integer({ min: 0, max: 8 }).map(cursor), { nil: null });
    await fc.assert(
      fc.asyncProperty(
        fc.record({ first: count, last: count, after: place, before: place }),
        async (page) => {
          expect(NAMES.join('')).toContain(await names(on, page));
        },
      ),
      { numRuns: 60 },
    );
  });
});
