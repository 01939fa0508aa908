import { describe, expect, test } from 'vitest';
import {
  decodeToken,
  encodeToken,
  explainTokenReason,
  formatHeader,
  parseBundle,
  stripScheme,
  type TokenTextReason,
} from '@hangar/macaroon';
import { discharge, guarded, hex, login, org, permission, token, window } from './fixture.ts';

const asking = guarded();
const paper = discharge(asking.ticket);
const one = encodeToken(token([org, window]));

function tag(text: string): string {
  const parsed = parseBundle(text, permission);
  return parsed.ok ? 'parsed' : parsed.reason.tag;
}

describe('the scheme of a header', () => {
  test.each([
    ['FlyV1 fm2_x', 'fm2_x'],
    ['Bearer fm2_x', 'fm2_x'],
    ['BEARER FLYV1 fm2_x', 'fm2_x'],
    ['FlyV1 Bearer fm2_x', 'fm2_x'],
    ['  flyv1   fm2_x  ', 'fm2_x'],
    ['fm2_x', 'fm2_x'],
    ['Basic x', 'Basic x'],
    ['FlyV1', 'FlyV1'],
    ['FlyV1\tfm2_x', 'FlyV1\tfm2_x'],
    ['', ''],
  ])('%j leaves %j', (header, rest) => {
    expect(stripScheme(header)).toBe(rest);
  });
});

describe('the tokens of a header', () => {
  test('are sorted by what they are for and keep their order', () => {
    const first = token([org]);
    const text = `${formatHeader([first, paper, asking.token])},fo1_abc`;
    const parsed = parseBundle(text, permission);
    if (!parsed.ok) throw new Error(parsed.reason.tag);
    expect(parsed.value.permission.map(encodeToken)).toEqual([first, asking.token].map(encodeToken));
    expect(parsed.value.discharges.map(encodeToken)).toEqual([encodeToken(paper)]);
    expect(parsed.value.other).toEqual(['fo1_abc']);
  });

  test('may be separated with spaces around the commas', () => {
    expect(tag(` ${one} , ${encodeToken(paper)} `)).toBe('parsed');
  });

  test.each(['fm1r', 'fm1a', 'fm2'])('may have the prefix %s', (prefix) => {
    expect(tag(one.replace('fm2', prefix))).toBe('parsed');
  });

  test.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['fo1_abc', 'no_macaroon'],
    ['fm3_abcd', 'no_macaroon'],
    ['FM2_abcd', 'no_macaroon'],
    ['Basic dXNlcg==', 'no_macaroon'],
    [`${one},,${one}`, 'malformed'],
    [`,${one}`, 'malformed'],
    [`${one},`, 'truncated'],
    [`${one},fm2`, 'truncated'],
    [`${one},fm2_!!!!`, 'malformed'],
    [`FlyV1 FlyV1`, 'truncated'],
    [`${one}AAAA`, 'malformed'],
    [`fm2_${'A'.repeat(50_000)}`, 'too_large'],
  ])('%j', (text, expected) => {
    expect(tag(text)).toBe(expected);
  });
});

describe('a token that was cut off', () => {
  const lengths = Array.from({ length: one.length - 1 }, (_, index) => index + 1);

  test('is called truncated, wherever the cut is', () => {
    expect(lengths.filter((length) => tag(one.slice(0, length)) !== 'truncated')).toEqual([]);
    expect(lengths.filter((length) => tag(`FlyV1 ${one.slice(0, length)}`) !== 'truncated')).toEqual([]);
  });

  test('behind a whole one is called truncated too', () => {
    const header = formatHeader([asking.token, paper]);
    const whole = header.indexOf(',');
    for (let length = 1; length < header.length; length++) {
      const expected = length === whole ? 'parsed' : 'truncated';
      expect([length, tag(header.slice(0, length))]).toEqual([length, expected]);
    }
  });

  test('is told apart from one that is damaged', () => {
    expect(tag(one.replace('lJPE', 'kJPE'))).toBe('malformed');
  });

  test('is explained as such', () => {
    const read = decodeToken(one.slice(0, 100));
    expect(!read.ok && explainTokenReason(read.reason)).toContain('cut off');
    const tags: TokenTextReason[] = [
      { tag: 'empty' },
      { tag: 'too_large' },
      { tag: 'not_a_macaroon' },
      { tag: 'malformed', detail: 'x' },
    ];
    for (const reason of tags) expect(explainTokenReason(reason)).toMatch(/^[A-Z].*\.$/);
  });
});

test('one token has one text', () => {
  const { bytes } = token([org, window]);
  expect(hex(bytes)).toBe(hex(Buffer.from(one.slice(4), 'base64')));
  for (const alias of [
    one.replaceAll('+', '-'),
    one.replaceAll('/', '_'),
    one.replace(/=*$/, ''),
    `${one}=`,
    `${one}\n=`,
  ]) {
    if (alias !== one) expect(tag(alias)).not.toBe('parsed');
  }
  expect(login).not.toBe(permission);
});
