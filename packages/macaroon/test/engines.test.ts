/** Three sets of primitives, one verdict: whatever they run on, verifiers accept the same tokens. */
import { execFileSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attenuate, decodeMacaroon, mint, type Macaroon } from '@hangar/macaroon';
import * as node from '../src/crypto/node.ts';
import * as noble from '../src/crypto/noble.ts';
import { createEngine } from '../src/crypto/wasm/engine.ts';
import { marksOf } from '../src/format/macaroon.ts';
import { addableCaveat, nightly } from './arbitrary.ts';
import { fromHex, hex, key, keyId, org, otherKey, permission, token } from './fixture.ts';

const RUNS = nightly ? 100_000 : 1000;
const TIMEOUT = nightly ? 3_600_000 : 60_000;

/** The chain as the specification says it, with nothing but createHmac. */
function plainly(signingKey: Uint8Array, { nonceBytes, pairs, nonce, tail }: Macaroon): string[] | undefined {
  const sign = (with_: Uint8Array, message: Uint8Array) =>
    createHmac('sha256', with_).update(message).digest();
  let last = sign(signingKey, nonceBytes);
  const tails = [last];
  for (const pair of pairs) tails.push((last = sign(last, Uint8Array.of(0x92, ...pair))));
  const final = nonce.proof ? sign(Buffer.from('proof-signature-finalization'), last) : last;
  return hex(final) === hex(tail) ? tails.map(hex) : undefined;
}

const sha256Hex = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const split = (tails: Uint8Array | undefined) =>
  tails &&
  Array.from({ length: tails.length / 32 }, (_, index) => hex(tails.subarray(32 * index, 32 * (index + 1))));

describe('WebAssembly, node:crypto and the browser walk a chain alike', () => {
  const engine = createEngine();
  const fast = node.createTokenCrypto();
  const long = fc.constantFrom(0, 20, 39, 40, 41, 48, 49, 100, 120, 6000).map((length) => 'x'.repeat(length));
  const domain = long.map((text) => ({ type: 'ConfineGoogleHD' as const, domain: text }));
  const chain = fc.array(fc.oneof(addableCaveat, domain), { maxLength: 8 });

  test('whole and damaged', { timeout: TIMEOUT }, () => {
    let accepted = 0;
    let refused = 0;
    const damage = fc.option(fc.tuple(fc.nat(), fc.nat(7)));
    fc.assert(
      fc.property(chain, chain, fc.boolean(), fc.boolean(), damage, (first, second, proof, ours, hurt) => {
        const base = mint({
          key: ours ? key : otherKey,
          keyId,
          location: permission,
          caveats: [org, ...first],
          proof,
        });
        const made = proof ? base : attenuate(base, second);
        const bytes = made.bytes.slice();
        if (hurt !== null) bytes[hurt[0] % bytes.length]! ^= 1 << hurt[1];
        const decoded = decodeMacaroon(bytes);
        if (!decoded.ok) return;
        const { value } = decoded;
        const expected = plainly(key, value);
        if (expected === undefined) refused += 1;
        else accepted += 1;
        const marks = marksOf(value);
        const parts = [key, value.bytes, marks, value.nonce.proof] as const;
        const kept = engine.walkChain(...parts, true)!;
        expect(kept === 'wrong' ? undefined : split(kept)).toEqual(expected);
        expect(engine.walkChain(...parts, false) === 'wrong').toBe(expected === undefined);
        for (const { walkChain } of [fast, node.PLAIN_CRYPTO, noble.PLAIN_CRYPTO])
          expect(split(walkChain(...parts, true))).toEqual(expected);
        if (kept !== 'wrong') {
          const digests = expected!.map((each) => sha256Hex(fromHex(each)));
          expect(split(engine.digests(kept))).toEqual(digests);
          expect(noble.PLAIN_CRYPTO.tailDigests(kept)).toEqual(digests);
          expect(fast.tailDigests(kept)).toEqual(digests);
          expect(node.PLAIN_CRYPTO.tailDigests(kept)).toEqual(digests);
        }
        // A token put together field by field has its parts in the same places.
        const { nonce, location, caveats, tail, nonceBytes, pairs } = value;
        expect(marksOf({ nonce, location, caveats, tail, bytes, nonceBytes, pairs })).toEqual(marks);
      }),
      { numRuns: RUNS },
    );
    // About an eighth is accepted; far fewer would mean that the property says nothing.
    expect(accepted).toBeGreaterThan(RUNS / 50);
    expect(refused).toBeGreaterThan(RUNS / 50);
  });

  test('with any one bit of the tail wrong', () => {
    for (const proof of [false, true]) {
      const made = mint({ key, keyId, location: permission, caveats: [org], proof });
      for (let bit = 0; bit < 256; bit++) {
        const bytes = made.bytes.slice();
        bytes[bytes.length - 32 + (bit >> 3)]! ^= 1 << (bit & 7);
        expect(engine.walkChain(key, bytes, marksOf(made), proof, false)).toBe('wrong');
      }
      expect(engine.walkChain(key, made.bytes, marksOf(made), proof, false)).toHaveLength(0);
    }
  });

  test('and the engine declines what does not fit', () => {
    const { bytes } = token();
    const marks = marksOf(token());
    expect(engine.walkChain(new Uint8Array(33), bytes, marks, false, true)).toBeUndefined();
    expect(engine.walkChain(key, new Uint8Array(120_000), marks, false, true)).toBeUndefined();
    expect(engine.digests(new Uint8Array(32 * 384))).toBeUndefined();
    expect(engine.walkChain(key, bytes, Array<number>(400).fill(50), false, true)).toBeUndefined();
  });
});

test('an engine is built when it is asked for, each with a memory of its own, and can be left out', () => {
  const [one, two] = [node.createTokenCrypto(), node.createTokenCrypto()];
  expect([one.engine, node.createTokenCrypto({ engine: 'node' }).engine]).toEqual([
    'WebAssembly',
    'node:crypto',
  ]);
  expect(node.PLAIN_CRYPTO.engine).toBe('node:crypto');
  const text = 'AAEC';
  const [first, again, other] = [one, one, two].map((each) => each.decodeBase64(text)!);
  expect(first!.buffer).toBe(again!.buffer);
  expect(other!.buffer).not.toBe(first!.buffer);
  expect([first, again, other]).toEqual(Array(3).fill(Uint8Array.of(0, 1, 2)));
  const plainly = node.PLAIN_CRYPTO.decodeBase64(text)!;
  expect(plainly.buffer.byteLength).toBe(3);
});

test('all give the same verdict on every bit of a token and its discharge', { timeout: TIMEOUT }, () => {
  const script = `
    const { addThirdParty, attenuate, createDischarge, createTokenCrypto, decodeMacaroon, mint, verify } = await import('@hangar/macaroon');
    const { createHash } = await import('node:crypto');
    if (process.env.WITHOUT === 'WebAssembly') delete globalThis.WebAssembly;
    const crypto = process.env.WITHOUT === 'engine' ? undefined : createTokenCrypto();
    const digest = (bytes) => createHash('sha256').update(bytes).digest();
    const filled = (length) => new Uint8Array(length).fill(7);
    const location = 'https://api.fly.io/v1', login = 'https://auth.fly.io', sharedKey = filled(32), key = filled(32);
    const base = mint({ key, keyId: filled(8), location, random: filled, caveats: [{ type: 'Organization', id: 4721n, mask: 31 }] });
    const token = attenuate(addThirdParty(base, { location: login, sharedKey, random: filled }), [{ type: 'Action', mask: 1 }]);
    const { ticket } = token.caveats.find(({ type }) => type === '3P');
    const user = { type: 'FlyioUserID', id: 77n };
    const binding = { type: 'BindToParentToken', prefix: digest(token.tail).subarray(0, 16) };
    const discharge = createDischarge({ ticket, sharedKey, location: login, caveats: [user, binding], random: filled });
    const trusted = new Map([[login, [sharedKey]]]);
    const verdicts = [];
    const judge = (permission, paper) => {
      const [read, note] = [decodeMacaroon(permission), decodeMacaroon(paper)];
      if (!read.ok || !note.ok) return 'unread';
      const verdict = verify(read.value, { key, discharges: [note.value], trusted, crypto });
      return verdict.ok ? [verdict.value.caveats.length, ...verdict.value.branches].join() : [verdict.reason.tag, verdict.reason.causes].join();
    };
    for (let round = 0; round < 100; round++) verdicts.push(judge(token.bytes, discharge.bytes));
    for (const [which, { bytes }] of [token, discharge].entries()) {
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const hurt = bytes.slice();
        hurt[bit >> 3] ^= 1 << (bit & 7);
        verdicts.push(which === 0 ? judge(hurt, discharge.bytes) : judge(token.bytes, hurt));
      }
    }
    const locations = 8 * (location.length + login.length);
    const good = verdicts.slice(100).filter((verdict) => /^[0-9]/.test(verdict)).length;
    console.log([import.meta.resolve('#crypto').split('/').at(-1), crypto?.engine ?? 'none', digest(verdicts.join('|')).toString('hex'), good > 0 && good <= locations].join(' '));
  `;
  const run = (without: string, ...conditions: string[]) =>
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
      {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        encoding: 'utf8',
        env: { ...process.env, WITHOUT: without },
      },
    )
      .trim()
      .split(' ');
  const [file, engine, verdicts, locationsOnly] = run('');
  expect([file, engine, locationsOnly]).toEqual(['node.ts', 'WebAssembly', 'true']);
  expect(run('engine')).toEqual(['node.ts', 'none', verdicts, 'true']);
  expect(run('WebAssembly')).toEqual(['node.ts', 'node:crypto', verdicts, 'true']);
  expect(run('', '--conditions=browser')).toEqual(['noble.ts', 'noble', verdicts, 'true']);
});
