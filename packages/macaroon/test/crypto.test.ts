import { execFileSync } from 'node:child_process';
import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as node from '../src/crypto/node.ts';
import * as noble from '../src/crypto/noble.ts';
import { assemble } from '../src/crypto/wasm/assembler.ts';
import { cipherFunctions } from '../src/crypto/wasm/chacha20-poly1305.ts';
import { createEngine } from '../src/crypto/wasm/engine.ts';
import { AT, PAGES } from '../src/crypto/wasm/layout.ts';
import { fromHex, hex } from './fixture.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('node:crypto and the browser primitives agree', () => {
  test('on hashes, HMACs and chains', () => {
    fc.assert(
      fc.property(bytes(100), bytes(300), fc.array(bytes(120), { maxLength: 4 }), (key, message, pairs) => {
        expect(hex(noble.PLAIN_CRYPTO.hmac(key, message))).toBe(hex(node.PLAIN_CRYPTO.hmac(key, message)));
        expect(hex(noble.PLAIN_CRYPTO.sha256(message))).toBe(hex(node.PLAIN_CRYPTO.sha256(message)));
        expect(hex(noble.sha1(message))).toBe(hex(node.sha1(message)));
        expect(noble.PLAIN_CRYPTO.chainTails(key, message, pairs).map(hex)).toEqual(
          node.PLAIN_CRYPTO.chainTails(key, message, pairs).map(hex),
        );
      }),
    );
  });

  test('on sealed boxes, whole and damaged', () => {
    fc.assert(
      fc.property(exactly(32), exactly(12), bytes(90), fc.nat(), (key, nonce, plain, place) => {
        const box = node.PLAIN_CRYPTO.seal(key, nonce, plain);
        expect(hex(noble.PLAIN_CRYPTO.seal(key, nonce, plain))).toBe(hex(box));
        expect(hex(noble.PLAIN_CRYPTO.unseal(key, box)!)).toBe(hex(plain));
        expect(hex(node.PLAIN_CRYPTO.unseal(key, box)!)).toBe(hex(plain));
        const damaged = box.slice();
        damaged[place % box.length]! ^= 1;
        for (const wrong of [damaged, box.subarray(0, box.length - 1), box.subarray(0, place % 28)]) {
          expect(node.PLAIN_CRYPTO.unseal(key, wrong)).toBeUndefined();
          expect(noble.PLAIN_CRYPTO.unseal(key, wrong)).toBeUndefined();
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
        expect(hex(noble.PLAIN_CRYPTO.decodeBase64(node.encodeBase64(value))!)).toBe(hex(value));
        const decoded = node.PLAIN_CRYPTO.decodeBase64(text);
        expect(noble.PLAIN_CRYPTO.decodeBase64(text)).toEqual(decoded);
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
    const offered = Object.keys(node.PLAIN_CRYPTO).sort();
    for (const other of [noble.PLAIN_CRYPTO, node.createTokenCrypto(), noble.createTokenCrypto()])
      expect(Object.keys(other).sort()).toEqual(offered);
    expect(noble.PLAIN_CRYPTO.randomBytes(16)).toHaveLength(16);
    expect(hex(noble.PLAIN_CRYPTO.randomBytes(16))).not.toBe(hex(noble.PLAIN_CRYPTO.randomBytes(16)));
    for (const { randomBytes } of [node.PLAIN_CRYPTO, node.createTokenCrypto()]) {
      const drawn = Array.from({ length: 1000 }, () => hex(randomBytes(12)));
      expect(new Set(drawn).size).toBe(1000);
      expect(randomBytes(5000).filter((byte) => byte === 0).length).toBeLessThan(100);
    }
  });
});

/** As much of the API as is used here; the compiler settings know no browser types. */
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => {
    exports: { memory: { buffer: ArrayBuffer }; poly1305: (at: number, length: number) => void };
  };
}

/** What node:crypto says, without any engine in between. */
const plain = {
  hmac: (key: Uint8Array, message: Uint8Array) => hex(createHmac('sha256', key).update(message).digest()),
  sha256: (message: Uint8Array) => hex(createHash('sha256').update(message).digest()),
  seal: (key: Uint8Array, nonce: Uint8Array, text: Uint8Array) => {
    const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
    return Uint8Array.from(Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]));
  },
};

describe('the WebAssembly engine agrees with node:crypto', () => {
  const engine = createEngine();
  const fast = node.createTokenCrypto();
  const pattern = (length: number) =>
    Uint8Array.from({ length }, (_, index) => (index * 131 + length) & 0xff);
  const lengths = [...Array.from({ length: 200 }, (_, length) => length), 8192, 16_384];

  test('on hashes and HMACs of every length around the block edges', () => {
    for (const length of lengths) {
      const message = pattern(length);
      const key = pattern(length % 33);
      expect([length, hex(engine.sha256(message)!)]).toEqual([length, plain.sha256(message)]);
      expect([length, hex(engine.hmac(key, message)!)]).toEqual([length, plain.hmac(key, message)]);
    }
  });

  test('on chains', () => {
    fc.assert(
      fc.property(exactly(32), bytes(200), fc.array(bytes(150), { maxLength: 12 }), (key, nonce, pairs) => {
        let tail = plain.hmac(key, nonce);
        const tails = [tail];
        for (const pair of pairs) {
          tail = plain.hmac(fromHex(tail), Uint8Array.of(0x92, ...pair));
          tails.push(tail);
        }
        expect(engine.chainTails(key, nonce, pairs)!.map(hex)).toEqual(tails);
        expect(fast.chainTails(key, nonce, pairs).map(hex)).toEqual(tails);
      }),
    );
  });

  test('on the longest token, and declines what does not fit', () => {
    const key = pattern(32);
    const many = Array.from({ length: 382 }, () => pattern(100));
    expect(engine.chainTails(key, pattern(40), many)?.length).toBe(383);
    expect(engine.chainTails(key, pattern(40), [...many, pattern(1)])).toBeUndefined();
    expect(
      engine.chainTails(
        key,
        pattern(40),
        many.map(() => pattern(1000)),
      ),
    ).toBeUndefined();
    expect(engine.chainTails(pattern(33), pattern(40), [])).toBeUndefined();
    expect(engine.hmac(pattern(33), pattern(1))).toBeUndefined();
    expect(engine.sha256(pattern(16_385))).toBeUndefined();
    expect(engine.unseal(key, pattern(16_384 + 29))).toBeUndefined();
    expect(engine.seal(key, pattern(12), pattern(16_385))).toBeUndefined();
    expect(engine.seal(pattern(31), pattern(12), pattern(1))).toBeUndefined();
    expect(engine.seal(key, pattern(11), pattern(1))).toBeUndefined();
    const long = fast.chainTails(
      pattern(64),
      pattern(40),
      many.map(() => pattern(1000)),
    );
    expect(hex(long[0]!)).toBe(plain.hmac(pattern(64), pattern(40)));
  });

  test('on boxes of every length, and refuses them with any bit changed', () => {
    for (const length of lengths) {
      const key = pattern(32);
      const box = plain.seal(key, pattern(12), pattern(length));
      const opened = engine.unseal(key, box);
      expect([length, opened !== 'wrong' && hex(opened!)]).toEqual([length, hex(pattern(length))]);
      expect([length, hex(engine.seal(key, pattern(12), pattern(length))!)]).toEqual([length, hex(box)]);
      for (const place of [0, 11, 12, box.length - 17, box.length - 16, box.length - 1]) {
        const damaged = box.slice();
        damaged[place]! ^= 0x80;
        expect([length, place, engine.unseal(key, damaged)]).toEqual([length, place, 'wrong']);
      }
      expect(engine.unseal(pattern(31), box)).toBeUndefined();
    }
  });

  test('on Poly1305 where its carries run over', () => {
    const functions = cipherFunctions(0);
    const { WebAssembly: web } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
    const { memory, poly1305 } = new web.Instance(new web.Module(assemble(functions, PAGES))).exports;
    const edge = fc.array(fc.constantFrom(0x00, 0x01, 0x02, 0x7f, 0x80, 0xfb, 0xfd, 0xfe, 0xff), {
      minLength: 16,
      maxLength: 16,
    });
    const runs = fc
      .constantFrom(0x00, 0xff, 0xfb, 0x01)
      .map((byte) => Array.from({ length: 16 }, () => byte));
    const block = fc.oneof(edge, runs);
    const number = (part: readonly number[]) => BigInt(`0x${hex(Uint8Array.from(part.toReversed()))}`);
    fc.assert(
      fc.property(block, block, fc.array(block, { minLength: 1, maxLength: 5 }), (r, s, blocks) => {
        const view = new Uint8Array(memory.buffer);
        view.set([...r, ...s], AT.oneTimeKey);
        view.set(blocks.flat(), AT.input);
        poly1305(AT.input, 16 * blocks.length);
        const prime = 2n ** 130n - 5n;
        const factor = number(r) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
        const sum = blocks.reduce(
          (total, each) => ((total + number(each) + 2n ** 128n) * factor) % prime,
          0n,
        );
        const expected = BigInt.asUintN(128, sum + number(s));
        expect(number(Array.from(view.subarray(AT.tag, AT.tag + 16)))).toBe(expected);
      }),
      { numRuns: 5000 },
    );
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
