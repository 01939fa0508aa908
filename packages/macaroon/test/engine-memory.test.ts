import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTokenCrypto } from '../src/crypto/node.ts';
import { FINALIZATION_KEY } from '../src/format/signed-parts.ts';
import { mint, verify } from '../src/index.ts';

/** As much of the API as is used here; the compiler settings know no browser types. */
interface Web {
  Instance: new (module: object) => { exports: { memory: { buffer: ArrayBuffer } } };
}

/** An engine, and a look into the memory of its module. */
function watchedEngine() {
  const { WebAssembly: web } = globalThis as unknown as { WebAssembly: Web };
  const { Instance } = web;
  let memory: { buffer: ArrayBuffer } | undefined;
  web.Instance = class extends Instance {
    constructor(module: object) {
      super(module);
      memory = this.exports.memory;
    }
  };
  try {
    const crypto = createTokenCrypto();
    return {
      crypto,
      holds: (secret: Uint8Array) => Buffer.from(memory!.buffer).includes(Buffer.from(secret)),
    };
  } finally {
    web.Instance = Instance;
  }
}

const secret = (seed: number, length = 32) =>
  new Uint8Array(createHash('shake256', { outputLength: length }).update(String(seed)).digest());

test('no key, tail or plain text is left in the memory of the module after a call', () => {
  const { crypto, holds } = watchedEngine();
  const left: string[] = [];
  const check = (call: string, secrets: readonly Uint8Array[]) => {
    for (const [index, each] of secrets.entries())
      for (const part of [each.subarray(0, 16), each.subarray(-16)])
        if (part.length === 16 && holds(part)) left.push(`${call}: secret ${index}`);
  };
  const key = secret(1);
  const tails = crypto.chainTails(key, secret(3, 40), [secret(4, 30), secret(5, 70)]);
  check('chainTails', [key, ...tails]);
  for (const length of [1, 31, 32])
    check(`hmac with a key of ${length}`, [secret(6, length), crypto.hmac(secret(6, length), secret(7))]);
  // What finalizes a proof has the tail as its message: with it anybody could add to the proof.
  const finalized = crypto.hmac(FINALIZATION_KEY, tails[2]!);
  check('hmac of a tail', [tails[2]!, finalized]);
  for (const length of [40, 64, 200]) {
    crypto.sha256(secret(8, length));
    check('sha256', [secret(8, length)]);
  }
  crypto.tailDigests(Buffer.concat(tails));
  check('tailDigests', tails);
  for (const length of [16, 63, 64, 65, 90, 1000]) {
    const text = secret(9, length);
    const box = crypto.seal(key, secret(10, 12), text);
    check(`seal ${length}`, [key, text]);
    crypto.unseal(key, box);
    check(`unseal ${length}`, [key, text]);
    crypto.unseal(secret(11), box);
    check(`unseal wrong ${length}`, [secret(11)]);
  }
  for (const proof of [false, true]) {
    const token = mint({
      key,
      keyId: secret(12, 8),
      location: 'https://a.example',
      caveats: [],
      proof,
      crypto,
    });
    const before = crypto.chainTails(key, token.nonceBytes, [])[0]!;
    check(`mint ${proof}`, [key, token.tail, before]);
    expect(verify(token, { key, crypto }).ok).toBe(true);
    check(`verify ${proof}`, [key, token.tail, before]);
    expect(verify(token, { key: secret(13), crypto }).ok).toBe(false);
    check(`verify wrong ${proof}`, [secret(13), token.tail]);
  }
  expect(left).toEqual([]);
});
