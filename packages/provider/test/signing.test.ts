import { silentLog } from '@hangar/http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHmac } from 'node:crypto';
import { Secret } from '@hangar/security';
import { openWorld, order, SECRET, WEBHOOK_SECRET, type Draft, type World } from './world/world.ts';

let world: World;
let id: string;

beforeAll(async () => {
  const old = Secret.of('an-older-provisioning-secret');
  world = await openWorld({ provisioningSecrets: [Secret.of(SECRET), old] });
  id = (await world.create()).json['id'] as string;
});
afterAll(async () => await world.close());

const post = (change: Partial<Draft> = {}) =>
  world.draft({ method: 'POST', path: '/extensions', members: order(), ...change });
const get = (change: Partial<Draft> = {}) =>
  world.draft({ method: 'GET', path: `/extensions/${id}`, ...change });
const hmac = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(text).digest('hex');

describe('a signed body', () => {
  const accepted: [string, () => Draft][] = [
    ['SIG-01 as Fly.io sends it', () => post()],
    [
      'SIG-05 with odd spaces and order, signed as sent',
      () => {
        const draft = post();
        const { url, nonce, timestamp, members } = draft;
        const text = JSON.stringify({ timestamp, ...members, nonce, url }, null, '\t').replaceAll(
          ': ',
          '  :   ',
        );
        return { ...draft, raw: ` \n${text}\n ` };
      },
    ],
    [
      'SIG-06 with UTF-8 and escapes, signed as sent',
      () => {
        const draft = post({ members: order({ organization_name: 'Hïïgh ✈ Flyers' }) });
        const { url, nonce, timestamp, members } = draft;
        const text = JSON.stringify({ ...members, url, nonce, timestamp }).replace('✈', '\\u2708');
        return { ...draft, raw: text };
      },
    ],
    ['SIG-08 in upper-case hex', () => post({ signature: (hex) => hex.toUpperCase() })],
    ['SIG-21 sent as text/plain', () => post({ headers: { 'content-type': 'text/plain' } })],
    ['SIG-24, PRO-13: with the second secret', () => post({ secret: 'an-older-provisioning-secret' })],
    [
      'REP-16 behind a lying X-Forwarded-Host',
      () => post({ headers: { 'x-forwarded-host': 'evil.example', host: 'evil.example' } }),
    ],
  ];
  test.each(accepted)('%s is accepted', async (_, draft) => {
    const answer = await world.send(draft());
    expect(answer.status).toBe(201);
    expect(answer.json['config']['LOGJAM_URL']).toMatch(/^https:/);
  });

  const refused: [string, () => Draft][] = [
    ['SIG-02 without X-Signature', () => post({ signature: () => undefined })],
    ['SIG-03 with another secret', () => post({ secret: 'somebody-elses-secret' })],
    ['with the webhook secret', () => post({ secret: WEBHOOK_SECRET })],
    ['with an empty key', () => post({ secret: '' })],
    [
      'SIG-04 with one byte changed afterwards',
      () => post({ after: (text) => text.replace('High', 'Nigh') }),
    ],
    ['with one space added afterwards', () => post({ after: (text) => text.replace('{', '{ ') })],
    ['with a BOM added afterwards', () => post({ after: (text) => `\ufeff${text}` })],
    ['SIG-07 with an empty signature', () => post({ signature: () => '' })],
    ['SIG-07 with 1 character', () => post({ signature: () => 'a' })],
    ['SIG-07 with 63 characters', () => post({ signature: (hex) => hex.slice(0, 63) })],
    ['SIG-07 with 65 characters', () => post({ signature: (hex) => `${hex}0` })],
    ['SIG-07 with a letter that is no hex', () => post({ signature: (hex) => `${hex.slice(0, 63)}g` })],
    ['with 64 times é', () => post({ signature: () => 'é'.repeat(64) })],
    ['SIG-09 in base64', () => post({ signature: (hex) => Buffer.from(hex, 'hex').toString('base64') })],
    ['SIG-11 with a sha256= prefix', () => post({ signature: (hex) => `sha256=${hex}` })],
    [
      'SIG-12 with two signatures, one right',
      () => post({ signature: (hex) => `${'0'.repeat(64)}, ${hex}` }),
    ],
    [
      'SIG-10 in X-Fly-Signature only',
      () => {
        const draft = post();
        const { url, nonce, timestamp, members } = draft;
        const text = JSON.stringify({ ...members, url, nonce, timestamp });
        return {
          ...draft,
          raw: text,
          signature: () => undefined,
          headers: { 'x-fly-signature': hmac(SECRET, text) },
        };
      },
    ],
    [
      'SIG-19 with a PATCH signed over its query',
      () => world.draft({ method: 'PATCH', path: `/extensions/${id}`, signBytes: () => '' }),
    ],
  ];
  test.each(refused)('%s is a 401 that says nothing more', async (_, draft) => {
    const calls = world.seller.calls.length;
    const answer = await world.send(draft());
    expect(answer.status).toBe(401);
    // SIG-23: all of them look the same, apart from the request id.
    expect({ ...answer.json, request_id: '' }).toEqual({
      error: 'invalid signature',
      code: 'unauthorized',
      request_id: '',
    });
    expect(world.seller.calls).toHaveLength(calls);
  });
});

describe('a signed query', () => {
  const sign = (bytes: (query: string) => string) => get({ signBytes: bytes });
  const refused: [string, () => Draft][] = [
    ['SIG-14 over ? and query', () => sign((query) => `?${query}`)],
    ['SIG-14 over the decoded query', () => sign((query) => decodeURIComponent(query))],
    ['SIG-14 over path and query', () => sign((query) => `/flyio/extensions/${id}?${query}`)],
    [
      'SIG-14 over the whole address',
      () => sign((query) => `https://logjam.example/flyio/extensions/${id}?${query}`),
    ],
    ['SIG-15 reordered afterwards', () => get({ after: (query) => query.split('&').toReversed().join('&') })],
    ['SIG-16 with a parameter appended afterwards', () => get({ after: (query) => `${query}&x=1` })],
    ['with escapes rewritten afterwards', () => get({ after: (query) => query.replaceAll('%3A', '%3a') })],
    ['SIG-18 empty, with the signature of nothing', () => get({ raw: '' })],
    [
      'SIG-20 as DELETE signed over an empty body',
      () => world.draft({ method: 'DELETE', path: `/extensions/${id}`, signBytes: () => '' }),
    ],
    ['signed for another path', () => get({ url: 'https://logjam.example/flyio/extensions/other' })],
  ];
  test.each(refused)('%s is a 401', async (_, draft) => {
    expect((await world.send(draft())).status).toBe(401);
    expect((await world.get(id)).json['status']).toBe('ready');
  });

  test('SIG-13 and SIG-17: any order and any escapes are fine when they are what was signed', async () => {
    expect((await world.get(id)).status).toBe(200);
    const draft = get();
    const url = encodeURIComponent(draft.url).replaceAll('%3A', '%3a').replaceAll('%2F', '%2f');
    const raw = `url=${url}&x='a|b'&timestamp=${String(draft.timestamp)}&nonce=${draft.nonce}`;
    expect((await world.send({ ...draft, raw })).status).toBe(200);
  });
});

test.each([
  [
    'POST',
    '/extensions',
    'V1',
    '7a21cd6b3b27a779db28fc50e7413b116671fa1d372e24fb869c750c76acae9e',
    1685641159,
    '{"name":"collider-prod","id":"30bqn49y2jh","organization_id":"04La2mblTaz","organization_name":"High Flyers","user_email":"v9WvKokd@customer.fly.io","user_id":"NeBO2G0l0yJ6","user_role":"admin","primary_region":"mad","ip_address":"fdaa:0:47fb:0:1::1d","read_regions":["syd","scl"],"url":"https://logjam.example/flyio/extensions","nonce":"e3f7b4c8f5ea016d0d2e92048ca0d856","timestamp":1685641159}',
    201,
  ],
  [
    'POST',
    '/extensions',
    'V2',
    '3681058c4fc50a662000fce0aae46e34ab7daf1a6ab61967f623f053102be4f7',
    1685641159,
    '{"name":"café-prod","id":"30bqn49y2ji","organization_id":"04La2mblTaz","organization_name":"Hïïgh ✈ Flyers","user_email":"v9WvKokd@customer.fly.io","user_id":"NeBO2G0l0yJ6","user_role":"member","url":"https://logjam.example/flyio/extensions","nonce":"00f7b4c8f5ea016d0d2e92048ca0d856","timestamp":1685641159}',
    201,
  ],
  [
    'GET',
    '/extensions/432cb1c9-4d06-4a91-95dc-bc7aa27b896d',
    'V3',
    'c5051bc21d5b7e0e6e3915cb16bdaee85250203bdf9504af5b002841a06f6130',
    1685641160,
    'nonce=5b2d8b7c9c0f4c1f8f0c2d1e3a4b5c6d&timestamp=1685641160&url=https%3A%2F%2Flogjam.example%2Fflyio%2Fextensions%2F432cb1c9-4d06-4a91-95dc-bc7aa27b896d',
    404,
  ],
  [
    'DELETE',
    '/extensions/432cb1c9-4d06-4a91-95dc-bc7aa27b896d',
    'V4',
    '64aebdc68fa7d5488ff325a0649543bb976724788c3cd39e8ccc935601ec43ad',
    1685641161,
    'nonce=6c2d8b7c9c0f4c1f8f0c2d1e3a4b5c6e&timestamp=1685641161&url=https%3A%2F%2Flogjam.example%2Fflyio%2Fextensions%2F432cb1c9-4d06-4a91-95dc-bc7aa27b896d',
    404,
  ],
])(
  '%s %s: the worked example %s of another implementation is accepted',
  async (method, path, _name, signature, at, raw, status) => {
    const provider = world.replica({ now: () => new Date(at * 1000) });
    const answer = await world.send(world.draft({ method, path, raw, signature: () => signature }), provider);
    expect(answer.status).toBe(status);
  },
);

test('base64 is accepted only behind its option', async () => {
  const provider = world.replica({ acceptBase64: true });
  const draft = post({ signature: (hex) => Buffer.from(hex, 'hex').toString('base64') });
  expect((await world.send(draft, provider)).status).toBe(201);
});

test('PRO-5: a thousand mutated signatures are all refused, none with a failure', async () => {
  const draft = get();
  const query = new URLSearchParams({
    url: draft.url,
    nonce: draft.nonce,
    timestamp: String(draft.timestamp),
  }).toString();
  const right = hmac(SECRET, query);
  const statuses = new Set<number>();
  for (let index = 0; index < 1000; index += 1) {
    const at = index % 64;
    const other = ((parseInt(right.charAt(at), 16) + 1 + (Math.floor(index / 64) % 15)) % 16).toString(16);
    const signature = right.slice(0, at) + other + right.slice(at + 1);
    statuses.add((await world.send({ ...draft, raw: query, signature: () => signature })).status);
  }
  expect([...statuses]).toEqual([401]);
  // None of them cost the right one its nonce.
  expect((await world.send({ ...draft, raw: query })).status).toBe(200);
});

test('what is wrong with a signature is said in the log, only where that is switched on, and never outside', async () => {
  const said: unknown[] = [];
  const log = { ...silentLog, warn: (fields: object) => void said.push(fields) };
  const parsed = post({ signBytes: (bytes) => JSON.stringify(JSON.parse(bytes), null, 2) });
  const open = await world.send(parsed, world.replica({ log }));
  expect([open.status, said]).toEqual([401, []]);
  const explained = await world.send(parsed, world.replica({ log, explainRefusals: true }));
  expect(said).toMatchObject([{ mistakes: [expect.stringContaining('parsed and written again')] }]);
  expect([explained.status, explained.json.error]).toEqual([401, open.json.error]);
  expect(JSON.stringify(said)).not.toContain(SECRET);
});
