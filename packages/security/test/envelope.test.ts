import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkEnvelope } from '@hangar/security';

const url = 'https://logjam.example/flyio/extensions';
const nonce = 'e3f7b4c8f5ea016d0d2e92048ca0d856';
const timestamp = 1685641159;
const expected = { url, now: new Date(timestamp * 1000) };
const good = { timestamp, nonce, url };

describe('the envelope', () => {
  test('a fresh message for our address is accepted, its timestamp as number or text', () => {
    expect(checkEnvelope(good, expected)).toEqual({ ok: true, value: { timestamp, nonce } });
    expect(checkEnvelope({ ...good, timestamp: String(timestamp) }, expected).ok).toBe(true);
  });

  test('the window is 300 seconds to either side, and both ends are inside', () => {
    for (const [age, fine] of [
      [300, true],
      [301, false],
      [-300, true],
      [-301, false],
    ] as const) {
      const now = new Date((timestamp + age) * 1000);
      expect(checkEnvelope(good, { url, now }).ok, `${age} s`).toBe(fine);
    }
    const late = checkEnvelope(good, { url, now: new Date((timestamp + 601) * 1000) });
    expect(late).toEqual({
      ok: false,
      reason: { tag: 'timestamp_stale', ageSeconds: 601, windowSeconds: 300 },
    });
  });

  test.each([
    ['missing', undefined, 'timestamp_missing'],
    ['null', null, 'timestamp_missing'],
    ['empty', '', 'timestamp_missing'],
    ['in milliseconds', timestamp * 1000, 'timestamp_in_milliseconds'],
    ['in milliseconds as text', String(timestamp * 1000), 'timestamp_in_milliseconds'],
    ['negative', -timestamp, 'timestamp_malformed'],
    ['with a fraction', timestamp + 0.5, 'timestamp_malformed'],
    ['in exponent notation', '1e9', 'timestamp_malformed'],
    ['with a leading zero', `0${timestamp}`, 'timestamp_malformed'],
    ['with a blank', ` ${timestamp}`, 'timestamp_malformed'],
    ['in hex', '0x64787ac7', 'timestamp_malformed'],
    ['not a number', Number.NaN, 'timestamp_malformed'],
    ['infinite', Number.POSITIVE_INFINITY, 'timestamp_malformed'],
    ['an object', {}, 'timestamp_malformed'],
  ])('a timestamp that is %s is refused', (_name, value, tag) => {
    expect(checkEnvelope({ ...good, timestamp: value }, expected)).toMatchObject({
      ok: false,
      reason: { tag },
    });
  });

  test.each([
    'https://logjam.example/flyio/extensions/',
    'https://LOGJAM.example/flyio/extensions',
    'HTTPS://logjam.example:443/flyio/extensions',
  ])('%s is our address in other words', (same) => {
    expect(checkEnvelope({ ...good, url: same }, expected).ok).toBe(true);
  });

  test.each([
    ['https://evil.example/flyio/extensions', 'url_mismatch'],
    ['http://logjam.example/flyio/extensions', 'url_mismatch'],
    ['https://logjam.example:8443/flyio/extensions', 'url_mismatch'],
    ['https://logjam.example/flyio/Extensions', 'url_mismatch'],
    ['https://logjam.example/flyio/extensions/other', 'url_mismatch'],
    ['https://logjam.example/flyio/x/../extensions', 'url_mismatch'],
    ['https://logjam.example/flyio/extensions//', 'url_mismatch'],
    ['https://logjam.example/flyio/%65xtensions', 'url_mismatch'],
    ['https://logjam.example/flyio/extensions?a=1', 'url_malformed'],
    ['https://logjam.example/flyio/extensions#a', 'url_malformed'],
    ['https://logjam.example/flyio/extensions#', 'url_malformed'],
    ['https://user@logjam.example/flyio/extensions', 'url_malformed'],
    ['https:\\\\logjam.example/flyio/extensions', 'url_malformed'],
    ['https://logjam.example\\@evil.example/flyio/extensions', 'url_malformed'],
    [' https://logjam.example/flyio/extensions', 'url_malformed'],
    ['https://logjam.example/flyio/exten\tsions', 'url_malformed'],
    ['/flyio/extensions', 'url_malformed'],
    ['', 'url_missing'],
  ])('%j is not our address', (other, tag) => {
    expect(checkEnvelope({ ...good, url: other }, expected)).toMatchObject({ ok: false, reason: { tag } });
  });

  test('a query inside the url is ignored where the url is itself in a query', () => {
    const fields = { ...good, url: `${url}?a=1` };
    expect(checkEnvelope(fields, { ...expected, ignoreQuery: true }).ok).toBe(true);
  });

  test.each([
    ['missing', undefined, 'nonce_missing'],
    ['empty', '', 'nonce_missing'],
    ['seven characters', 'abcdefg', 'nonce_malformed'],
    ['201 characters', 'a'.repeat(201), 'nonce_malformed'],
    ['10,000 characters', 'a'.repeat(10_000), 'nonce_malformed'],
    ['with a blank', 'abcd efgh', 'nonce_malformed'],
    ['beyond ASCII', 'abcdefghé', 'nonce_malformed'],
    ['a number', 12345678, 'nonce_malformed'],
  ])('a nonce that is %s is refused', (_name, value, tag) => {
    expect(checkEnvelope({ ...good, nonce: value }, expected)).toMatchObject({ ok: false, reason: { tag } });
  });

  test('no fields at all make it throw', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (a, b, c) => {
        expect(checkEnvelope({ timestamp: a, nonce: b, url: c }, expected).ok).toBe(false);
      }),
    );
  });
});
