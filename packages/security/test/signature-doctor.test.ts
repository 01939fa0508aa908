import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { diagnoseSignature, Secret, type DoctorOptions, type Mistake } from '@hangar/security';

const SECRET = 'hangar-provisioning-secret';
const WEBHOOK = 'hangar-webhook-secret';
const OLD = 'hangar-provisioning-secret-of-last-year';
const URL_OF_CREATION = 'https://logjam.example/flyio/extensions';
const AT = 1_685_641_159;

const mac = (text: string, key: string | Buffer = SECRET): string =>
  createHmac('sha256', key).update(text).digest('hex');
const bodyOf = (change: Record<string, unknown> = {}): string =>
  JSON.stringify({
    id: 'z',
    name: 'café',
    url: URL_OF_CREATION,
    nonce: 'e3f7b4c8f5ea016d',
    timestamp: AT,
    ...change,
  }).replace('{', '{ ');
const QUERY = `timestamp=${AT}&nonce=e3f7b4c8f5ea016d&url=${encodeURIComponent(`${URL_OF_CREATION}/x`)}`;

function look(
  method: 'POST' | 'GET',
  headers: Record<string, string>,
  change: Partial<DoctorOptions> & { body?: string; query?: string } = {},
): readonly Mistake[] {
  const { body = method === 'POST' ? bodyOf() : '', query = QUERY, ...options } = change;
  return diagnoseSignature(
    {
      method,
      target: method === 'POST' ? '/flyio/extensions' : `/flyio/extensions/x?${query}`,
      headers: new Headers(headers),
      body: Buffer.from(body),
    },
    {
      secrets: [Secret.of(SECRET)],
      others: [
        { name: 'the secret of the webhooks', secret: Secret.of(WEBHOOK) },
        { name: 'an old secret', secret: Secret.of(OLD) },
      ],
      url: method === 'POST' ? URL_OF_CREATION : `${URL_OF_CREATION}/x`,
      now: new Date(AT * 1000),
      ...options,
    },
  );
}

const signed = (hex: string): Record<string, string> => ({ 'x-signature': hex });
const parsed = (): string => JSON.stringify(JSON.parse(bodyOf()));

test('a good request has no mistake', () => {
  expect(look('POST', signed(mac(bodyOf())))).toEqual([]);
  expect(look('GET', signed(mac(QUERY)))).toEqual([]);
});

test.each<[string, readonly Mistake[], Mistake['tag'], RegExp]>([
  ['no header', look('POST', {}), 'header_missing', /no X-Signature/],
  ['another header', look('POST', { 'x-fly-signature': mac(bodyOf()) }), 'other_header', /x-fly-signature/],
  ['two headers', look('POST', signed(`${mac('a')}, ${mac('b')}`)), 'header_repeated', /more than once/],
  [
    'base64',
    look('POST', signed(Buffer.from(mac(bodyOf()), 'hex').toString('base64'))),
    'other_form',
    /base64/,
  ],
  ['a prefix', look('POST', signed(`sha256=${mac(bodyOf())}`)), 'other_form', /64 digits alone/],
  ['the parsed body', look('POST', signed(mac(parsed()))), 'other_bytes', /parsed and written again/],
  [
    'the body as Python writes it',
    look('POST', signed(mac(parsed().replaceAll('":', '": ').replaceAll(',"', ', "')))),
    'other_bytes',
    /parsed/,
  ],
  [
    'a body without its line end',
    look('POST', signed(mac(bodyOf())), { body: `${bodyOf()}\n` }),
    'other_bytes',
    /an end of the body/,
  ],
  ['a consumed body', look('POST', signed(mac(''))), 'other_bytes', /had been read/],
  ['a leading ?', look('GET', signed(mac(`?${QUERY}`))), 'other_bytes', /with its `\?`/],
  ['a decoded query', look('GET', signed(mac(decodeURIComponent(QUERY)))), 'other_bytes', /decoded/],
  [
    'path and query',
    look('GET', signed(mac(`/flyio/extensions/x?${QUERY}`))),
    'other_bytes',
    /Path and query/,
  ],
  [
    'the whole address',
    look('GET', signed(mac(`${URL_OF_CREATION}/x?${QUERY}`))),
    'other_bytes',
    /whole address/,
  ],
  [
    'the secret of the webhooks',
    look('POST', signed(mac(bodyOf(), WEBHOOK))),
    'other_secret',
    /with the secret of the webhooks/,
  ],
  ['an old secret', look('POST', signed(mac(bodyOf(), OLD))), 'other_secret', /with an old secret/],
  [
    'a secret with its line end',
    look('POST', signed(mac(bodyOf(), `${SECRET}\n`))),
    'other_secret',
    /line end/,
  ],
  [
    'a clock that is behind',
    look('POST', signed(mac(bodyOf())), { now: new Date((AT + 4_000) * 1000) }),
    'timestamp_stale',
    /4000 s old/,
  ],
  [
    'a clock that is ahead',
    look('POST', signed(mac(bodyOf())), { now: new Date((AT - 900) * 1000) }),
    'timestamp_ahead',
    /900 s ahead/,
  ],
  [
    'milliseconds',
    look('POST', signed(mac(bodyOf({ timestamp: AT * 1000 }))), { body: bodyOf({ timestamp: AT * 1000 }) }),
    'timestamp_in_milliseconds',
    /in milliseconds/,
  ],
  [
    'another host',
    look('POST', signed(mac(bodyOf())), { url: 'https://other.example/flyio/extensions' }),
    'url_mismatch',
    /host is logjam\.example, not other\.example/,
  ],
  [
    'another scheme',
    look('POST', signed(mac(bodyOf())), { url: 'http://logjam.example/flyio/extensions' }),
    'url_mismatch',
    /scheme is https, not http/,
  ],
  [
    'another path',
    look('POST', signed(mac(bodyOf())), { url: 'https://logjam.example/extensions' }),
    'url_mismatch',
    /path is \/flyio\/extensions/,
  ],
  ['nothing that is known', look('POST', signed(mac('something else'))), 'unknown', /not held here/],
])('%s is named, and no secret is shown', (_, mistakes, tag, says) => {
  expect(mistakes.map((one) => one.tag)).toEqual([tag]);
  expect(mistakes[0]?.says).toMatch(says);
  for (const secret of [SECRET, WEBHOOK, OLD, mac(bodyOf())])
    expect(JSON.stringify(mistakes)).not.toContain(secret);
});

test('two mistakes are both named', () => {
  const hex = mac(parsed(), WEBHOOK);
  expect(look('POST', signed(hex), { now: new Date((AT + 301) * 1000) }).map(({ tag }) => tag)).toEqual([
    'other_bytes',
    'other_secret',
    'timestamp_stale',
  ]);
});

test('a body that is too large, not JSON or not text costs nothing and throws nothing', () => {
  for (const body of ['{', 'x'.repeat(70_000), '\uFFFD\0', '[]', 'null'])
    expect(look('POST', signed(mac('other')), { body }).map(({ tag }) => tag)).toContain('unknown');
});
