import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HangarError } from '@hangar/http';
import { createSealer, Secret } from '@hangar/security';

const masterKey = (id: string): Secret => Secret.of(`${id}:${randomBytes(32).toString('base64')}`);
const place = 'extensions.config/432cb1c9';

function failure(run: () => unknown): HangarError {
  try {
    run();
  } catch (error) {
    if (error instanceof HangarError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the sealer', () => {
  const sealer = createSealer([masterKey('k1')]);

  test('opens what it sealed, for any bytes and any place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.string(), (plain, at) => {
        expect(sealer.open(sealer.seal(plain, at), at)).toEqual(plain);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(sealer.openText(sealer.seal(text, place), place)).toBe(text);
      }),
    );
  });

  test('KEY-3: refuses a value at another place than its own', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (here, there) => {
        fc.pre(here !== there);
        expect(failure(() => sealer.open(sealer.seal('x', here), there)).code).toBe('internal');
      }),
    );
  });

  test('refuses a value with any bit changed, cut or added', () => {
    const sealed = sealer.seal('postgres://user:pass@host/db', place);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(failure(() => sealer.open(changed, place)).code, `byte ${at}`).toBe('internal');
      expect(failure(() => sealer.open(sealed.subarray(0, at), place)).code, `cut at ${at}`).toBe('internal');
    }
    expect(failure(() => sealer.open(Uint8Array.of(...sealed, 0), place)).code).toBe('internal');
  });

  test('refuses any bytes it did not make, with a HangarError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        expect(failure(() => sealer.open(noise, place)).code).toBe('internal');
      }),
    );
  });

  test('uses no nonce and no data key again, also when its store of random bytes is filled anew', () => {
    const wraps = new Set<string>();
    const nonces = new Set<string>();
    for (let sealed = 0; sealed < 500; sealed += 1) {
      const value = Buffer.from(sealer.seal('', place));
      const wrap = value.subarray(4, 4 + 12);
      wraps.add(wrap.toString('hex'));
      nonces.add(value.subarray(4 + 60, 4 + 72).toString('hex'));
      expect(wrap.equals(Buffer.alloc(12))).toBe(false);
      // The wrapped key is a stream of the nonce over the data key: one that came again would be all the same.
      wraps.add(value.subarray(16, 48).toString('hex'));
    }
    expect([wraps.size, nonces.size]).toEqual([1000, 500]);
  });

  test('never seals the same twice in the same bytes, and shows nothing of the text', () => {
    const one = sealer.seal('swordfish', place);
    const two = sealer.seal('swordfish', place);
    expect(Buffer.compare(one, two)).not.toBe(0);
    expect(Buffer.from(one).includes('swordfish')).toBe(false);
  });
});

describe('rotation of master keys', () => {
  const [oldKey, newKey] = [masterKey('2025'), masterKey('2026')];
  const before = createSealer([oldKey]);
  const during = createSealer([newKey, oldKey]);
  const after = createSealer([newKey]);

  test('KEY-2: old values open while the old key is listed, and new ones are sealed under the newest', () => {
    const sealed = before.seal('x', place);
    expect(during.openText(sealed, place)).toBe('x');
    expect(during.keyIdOf(sealed)).toBe('2025');
    expect(during.keyIdOf(during.seal('y', place))).toBe('2026');
    expect(during.newestKeyId).toBe('2026');
  });

  test('a re-wrapped value opens without the old key, and its ciphertext stayed as it was', () => {
    const sealed = before.seal('x', place);
    const rewrapped = during.rewrap(sealed, place);
    expect(after.openText(rewrapped, place)).toBe('x');
    expect(Buffer.from(rewrapped).subarray(-29)).toEqual(Buffer.from(sealed).subarray(-29));
    expect(failure(() => during.rewrap(sealed, 'elsewhere')).code).toBe('internal');
  });

  test('a value whose key is gone names the key in the private reason, not the key itself', () => {
    const error = failure(() => after.open(before.seal('x', place), place));
    expect(error.detail).toContain('2025');
    expect(error.sentence).not.toContain('2025');
  });

  test('a key with the right name and other bytes opens nothing', () => {
    const impostor = createSealer([masterKey('2025')]);
    expect(failure(() => impostor.open(before.seal('x', place), place)).code).toBe('internal');
  });
});

describe('master keys', () => {
  const encoded = randomBytes(32).toString('base64');

  test.each([
    ['none', []],
    ['without an id', [encoded]],
    ['with an empty id', [`:${encoded}`]],
    ['with an odd id', [`a b:${encoded}`]],
    ['too short', [`k:${randomBytes(31).toString('base64')}`]],
    ['too long', [`k:${randomBytes(33).toString('base64')}`]],
    ['in base64url', [`k:${'_'.repeat(43)}=`]],
    ['two of one name', [`k:${encoded}`, `k:${randomBytes(32).toString('base64')}`]],
  ])('%s: refused as configuration, without a word of the key', (_name, texts) => {
    const error = failure(() => createSealer(texts.map((text) => Secret.of(text))));
    expect(error.code).toBe('config_invalid');
    expect(`${error.message}${error.sentence}`).not.toContain(encoded.slice(0, 12));
  });
});
