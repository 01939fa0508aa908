import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type House, openHouse } from './dashboard-house.ts';
import { bodyOf, changes, codeOf, fromOurPage, pathOf, visitorsOf } from './dashboard-visitor.ts';

let house: House;
let call: ReturnType<typeof visitorsOf>['call'];
let person: ReturnType<typeof visitorsOf>['person'];
beforeAll(async () => {
  house = await openHouse();
  ({ call, person } = visitorsOf(house));
});
afterAll(async () => await house.close());
beforeEach(() => {
  house.done.length = 0;
});

describe('changes come from our own page only (SIGN-4)', () => {
  const estate = () => house.estates[1];

  interface Attempt {
    readonly title: string;
    readonly headers: (csrf: string) => Record<string, string>;
    readonly body?: string | ((maxBytes: number) => string);
    readonly code: string;
  }
  const without = (csrf: string, ...names: string[]) =>
    Object.fromEntries(Object.entries(fromOurPage(csrf)).filter(([name]) => !names.includes(name)));

  const attempts: readonly Attempt[] = [
    { title: 'no token', headers: (csrf) => without(csrf, 'x-csrf-token'), code: 'csrf_refused' },
    { title: 'an empty token', headers: () => fromOurPage(''), code: 'csrf_refused' },
    { title: 'a made-up token', headers: () => fromOurPage(randomUUID()), code: 'csrf_refused' },
    {
      title: 'the token of another person of the same organization',
      headers: () => fromOurPage(person(estate(), 'admin').csrf),
      code: 'csrf_refused',
    },
    ...['cross-site', 'same-site', 'none'].map((site) => ({
      title: `Sec-Fetch-Site: ${site}`,
      headers: (csrf: string) => ({ ...fromOurPage(csrf), 'sec-fetch-site': site }),
      code: 'csrf_refused',
    })),
    ...['null', 'https://evil.example', 'http://hangar.example', 'https://hangar.example:444'].map(
      (origin) => ({
        title: `Origin: ${origin}`,
        headers: (csrf: string) => ({ ...fromOurPage(csrf), origin }),
        code: 'csrf_refused',
      }),
    ),
    {
      title: 'neither Sec-Fetch-Site nor Origin',
      headers: (csrf) => without(csrf, 'sec-fetch-site', 'origin'),
      code: 'csrf_refused',
    },
    ...[
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/json; charset=utf-16',
    ].map((type) => ({
      title: `Content-Type: ${type}`,
      headers: (csrf: string) => ({ ...fromOurPage(csrf), 'content-type': type }),
      code: 'unsupported_media_type',
    })),
    { title: 'a form’s text that parses as JSON', headers: fromOurPage, body: '{"a":"=b"}', code: 'invalid' },
    {
      title: 'a method override in the body',
      headers: fromOurPage,
      body: '{"_method":"DELETE"}',
      code: 'invalid',
    },
    { title: 'an array', headers: fromOurPage, body: '[]', code: 'invalid' },
    { title: 'no JSON', headers: fromOurPage, body: 'x', code: 'bad_request' },
    {
      title: 'a byte too many',
      headers: fromOurPage,
      body: (max) => `{${' '.repeat(max - 1)}}`,
      code: 'too_large',
    },
  ];

  it.each(
    changes.flatMap((route) =>
      attempts.map((attempt) => [route.path, attempt.title, route, attempt] as const),
    ),
  )('POST %s with %s is refused and has no effect', async (_path, _title, route, attempt) => {
    const admin = person(estate(), 'admin');
    const answer = await call(pathOf(route, estate()), {
      method: 'POST',
      cookie: admin.cookie,
      headers: attempt.headers(admin.csrf),
      body:
        typeof attempt.body === 'function'
          ? attempt.body(route.maxBodyBytes ?? 1024)
          : (attempt.body ?? bodyOf(route, estate())),
    });
    expect(codeOf(answer.text)).toBe(attempt.code);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(house.done).toEqual([]);
    // The login lives on: a stranger's page cannot sign anybody out either.
    expect((await call('/api/extensions', { cookie: admin.cookie })).status).toBe(200);
  });

  it.each(changes.map((route) => [route.path, route] as const))(
    '%s does nothing by GET',
    async (_, route) => {
      const admin = person(estate(), 'admin');
      const answer = await call(pathOf(route, estate()), {
        cookie: admin.cookie,
        headers: { 'x-http-method-override': 'POST', 'x-csrf-token': admin.csrf },
      });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      expect(house.done).toEqual([]);
    },
  );

  it('accepts a browser that sends Origin and does not know Sec-Fetch-Site', async () => {
    const admin = person(estate(), 'admin');
    const answer = await call(`/api/extensions/${estate().extensionId}/tokens/${estate().tokenId}/revoke`, {
      method: 'POST',
      cookie: admin.cookie,
      headers: without(admin.csrf, 'sec-fetch-site'),
      body: '{}',
    });
    expect(answer.status).toBe(200);
  });
});
