/** Input made to cost more than it is worth (TOK-16), and the outer bounds of every length. */
import { describe, expect, test } from 'vitest';
import { LIMITS, Writer, decodeCaveats, decodeMacaroon, parseBundle } from '@hangar/macaroon';
import { fromHex, permission, token } from './fixture.ts';

/** Generous; a decoder that believes a length takes seconds or dies. */
const MILLISECONDS = 50;

/** The fastest of a few runs, because the machine may be busy with something else in any one of them. */
function fastest(run: () => unknown): number {
  return Math.min(
    ...Array.from({ length: 5 }, () => {
      const started = performance.now();
      run();
      return performance.now() - started;
    }),
  );
}

function refusal(bytes: Uint8Array): string {
  const decoded = decodeCaveats(bytes);
  expect(fastest(() => decodeCaveats(bytes))).toBeLessThan(MILLISECONDS);
  return decoded.ok ? 'read' : decoded.reason.tag;
}

/** A caveat of an unknown type with this body. */
const unknown = (body: Uint8Array) => Uint8Array.of(0x92, 0xcd, 0x10, 0x00, ...body);
const repeat = (hex: string, times: number) => fromHex(hex.repeat(times));

describe('a hostile caveat set', () => {
  test.each<[string, Uint8Array, string]>([
    ['arrays ten thousand deep', unknown(repeat('91', 10_000)), 'limit'],
    ['maps ten thousand deep', unknown(repeat('8101', 10_000)), 'limit'],
    ['33 levels', unknown(Uint8Array.of(...repeat('91', 33), 0xc0)), 'limit'],
    ['32 levels', unknown(Uint8Array.of(...repeat('91', 32), 0xc0)), 'read'],
    ['an array of 2^32-1', unknown(fromHex('ddffffffff')), 'truncated'],
    ['a map of 2^32-1', unknown(fromHex('dfffffffff')), 'truncated'],
    ['a text of 2^32-1', unknown(fromHex('dbffffffff')), 'truncated'],
    ['an extension of 2^32-1', unknown(fromHex('c9ffffffff00')), 'truncated'],
    ['nested huge arrays', unknown(repeat('ddffffffff', 1000)), 'truncated'],
    ['a byte that begins nothing', unknown(Uint8Array.of(0xc1)), 'malformed'],
    [
      'a million tiny caveats',
      new Writer().array(2_000_000).raw(repeat('1a00', 1_000_000)).finish(),
      'limit',
    ],
    ['257 caveats', new Writer().array(514).raw(repeat('1a00', 257)).finish(), 'limit'],
    ['256 caveats', new Writer().array(512).raw(repeat('1a00', 256)).finish(), 'read'],
    [
      '256 caveats, hidden in IfPresent',
      new Writer()
        .array(2)
        .raw(fromHex('0d92'))
        .array(512)
        .raw(repeat('1a00', 256))
        .raw(fromHex('00'))
        .finish(),
      'limit',
    ],
    ['17 third parties', new Writer().array(34).raw(repeat('0b93a0c0c400', 17)).finish(), 'limit'],
    ['16 third parties', new Writer().array(32).raw(repeat('0b93a0c0c400', 16)).finish(), 'read'],
    ['an odd list', fromHex('911a'), 'malformed'],
    [
      'a long text',
      new Writer()
        .array(2)
        .unsigned(19)
        .text('x'.repeat(LIMITS.valueBytes + 1))
        .finish(),
      'limit',
    ],
    [
      'the longest text',
      new Writer().array(2).unsigned(19).text('x'.repeat(LIMITS.valueBytes)).finish(),
      'read',
    ],
    [
      '4097 mutations',
      new Writer().array(2).unsigned(6).array(1).array(4097).raw(repeat('a0', 4097)).finish(),
      'limit',
    ],
    [
      '4096 mutations',
      new Writer().array(2).unsigned(6).array(1).array(4096).raw(repeat('a0', 4096)).finish(),
      'read',
    ],
    ['nothing', new Uint8Array(), 'truncated'],
  ])('%s', (_what, bytes, expected) => {
    expect(refusal(bytes)).toBe(expected);
  });

  test('every kind of value may stand in an unknown body', () => {
    const bodies = [
      '00',
      'ff',
      'c0',
      'c2',
      'c3',
      'c4020102',
      'c500020102',
      'c6000000020102',
      'c7020a0102',
      'c800020a0102',
      'c9000000020a0102',
      'ca00000000',
      'cb0000000000000000',
      'cc01',
      'cd0001',
      'ce00000001',
      'cf0000000000000001',
      'd001',
      'd10001',
      'd200000001',
      'd30000000000000001',
      'd40a01',
      'd50a0102',
      'd60a01020304',
      `d70a${'01'.repeat(8)}`,
      `d80a${'01'.repeat(16)}`,
      'd90161',
      'da000161',
      'db0000000161',
      'dc000101',
      'dd0000000101',
      'de00010102',
      'df000000010102',
      '80',
      '90',
      'a0',
      '81900f',
      'a161',
      '920102',
    ];
    for (const body of bodies) {
      expect([body, refusal(unknown(fromHex(body)))]).toEqual([body, 'read']);
      if (body.length > 2)
        expect([body, refusal(unknown(fromHex(body.slice(0, -2))))]).toEqual([body, 'truncated']);
      expect([body, refusal(unknown(fromHex(`${body}00`)))]).toEqual([body, 'malformed']);
    }
  });
});

describe('a hostile token', () => {
  const whole = token();
  test('longer than any token is not looked at', () => {
    expect(decodeMacaroon(new Uint8Array(16 * 1024 * 1024))).toMatchObject({ reason: { tag: 'limit' } });
  });

  test.each([
    ['no key id', '93c400c410', 'malformed'],
    ['five fields', '95', 'malformed'],
    ['one field', '91', 'malformed'],
    ['a nonce of one field', '9491c40101', 'malformed'],
    ['a nonce of four fields', '9494c40101', 'malformed'],
    ['short random bytes', '9493c40101c40101', 'malformed'],
    ['a proof flag that is a number', `9493c40101c410${'00'.repeat(16)}01`, 'malformed'],
    ['a map', '84', 'malformed'],
    ['nil', 'c0', 'malformed'],
  ])('with %s', (_what, hex, expected) => {
    expect(decodeMacaroon(fromHex(hex.startsWith('93') ? `94${hex}` : hex))).toMatchObject({
      reason: { tag: expected },
    });
  });

  test('in a header of the largest size is refused quickly', () => {
    const cut = Array.from({ length: 256 }, () => 'fm2_lJPEC2V4').join(',');
    const zeros = `fm2_${'A'.repeat(43_000)}`;
    for (const text of [cut, zeros]) {
      expect(parseBundle(text, permission).ok).toBe(false);
      expect(fastest(() => parseBundle(text, permission))).toBeLessThan(MILLISECONDS);
    }
    expect(whole.bytes.length).toBeLessThan(LIMITS.tokenBytes);
  });
});
