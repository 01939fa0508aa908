import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as node from '../src/crypto/node.ts';
import * as noble from '../src/crypto/noble.ts';
import { fromHex, hex } from './fixture.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('node:crypto and the browser primitives agree', () => {
  test('on hashes, HMACs and chains', () => {
    fc.assert(
      fc.property(bytes(100), bytes(300), fc.array(bytes(120), { maxLength: 4 }), (key, message, pairs) => {
        expect(hex(noble.hmac(key, message))).toBe(hex(node.hmac(key, message)));
        expect(hex(noble.sha256(message))).toBe(hex(node.sha256(message)));
        expect(hex(noble.sha1(message))).toBe(hex(node.sha1(message)));
        expect(noble.chainTails(key, message, pairs).map(hex)).toEqual(
          node.chainTails(key, message, pairs).map(hex),
        );
      }),
    );
  });

  test('on sealed boxes, whole and damaged', () => {
    fc.assert(
      fc.property(exactly(32), exactly(12), bytes(90), fc.nat(), (key, nonce, plain, place) => {
        const box = node.seal(key, nonce, plain);
        expect(hex(noble.seal(key, nonce, plain))).toBe(hex(box));
        expect(hex(noble.unseal(key, box)!)).toBe(hex(plain));
        expect(hex(node.unseal(key, box)!)).toBe(hex(plain));
        const damaged = box.slice();
        damaged[place % box.length]! ^= 1;
        for (const wrong of [damaged, box.subarray(0, box.length - 1), box.subarray(0, place % 28)]) {
          expect(node.unseal(key, wrong)).toBeUndefined();
          expect(noble.unseal(key, wrong)).toBeUndefined();
        }
      }),
    );
  });

  test('on base64, strict in both', () => {
    const odd = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.constantFrom('AR==', 'AQ==', 'AQ=', 'A Q==', 'AQ==\n', '-_8=', '='),
    );
    fc.assert(
      fc.property(bytes(70), odd, (value, text) => {
        expect(noble.encodeBase64(value)).toBe(node.encodeBase64(value));
        expect(hex(noble.decodeBase64(node.encodeBase64(value))!)).toBe(hex(value));
        const decoded = node.decodeBase64(text);
        expect(noble.decodeBase64(text)).toEqual(decoded);
        if (decoded !== undefined) expect(node.encodeBase64(decoded)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test('on equality', () => {
    for (const { sameBytes } of [node, noble]) {
      expect(sameBytes(fromHex('0102'), fromHex('0102'))).toBe(true);
      expect(sameBytes(fromHex('0102'), fromHex('0103'))).toBe(false);
      expect(sameBytes(fromHex('0102'), fromHex('010203'))).toBe(false);
    }
  });

  test('on what they offer', () => {
    expect(Object.keys(noble).sort()).toEqual(Object.keys(node).sort());
    expect(noble.randomBytes(16)).toHaveLength(16);
    expect(hex(noble.randomBytes(16))).not.toBe(hex(noble.randomBytes(16)));
    expect(hex(node.randomBytes(16))).not.toBe(hex(node.randomBytes(16)));
  });
});

test('the browser build makes the same token without node:crypto', () => {
  const script = `
    import { attenuate, encodeToken, mint, verify } from '@hangar/macaroon';
    const key = Uint8Array.from({ length: 32 }, (_, index) => index);
    const base = mint({ key, keyId: new TextEncoder().encode('example-kid'), location: 'https://api.fly.io/v1', caveats: [], random: (length) => new Uint8Array(length).fill(0xa5) });
    const token = attenuate(base, [{ type: 'Organization', id: 4721n, mask: 31 }]);
    console.log(encodeToken(token), verify(token, { key }).ok, import.meta.resolve('#crypto').split('/').at(-1));
  `;
  const output = (...conditions: string[]) =>
    execFileSync(
      process.execPath,
      [
        '--conditions=hangar-source',
        ...conditions,
        '--import',
        'tsx',
        '--input-type=module',
        '--eval',
        script,
      ],
      { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' },
    )
      .trim()
      .split(' ');
  const [token, verified, file] = output('--conditions=browser');
  expect([verified, file]).toEqual(['true', 'noble.ts']);
  expect(output()).toEqual([token, 'true', 'node.ts']);
});
