import { format, inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomToken, sameBytes, Secret, sha256, sha256Hex } from '@hangar/security';

describe('a secret', () => {
  const secret = Secret.of('swordfish-and-more');

  test('prints as its fingerprint, however it is printed', () => {
    const shown = `[secret:${sha256Hex('swordfish-and-more').slice(0, 8)}]`;
    const prints = [
      String(secret),
      secret.toString(),
      ['', secret].join(''),
      inspect(secret),
      format('%s', secret),
      format('%o', secret),
      format('%j', secret),
      JSON.parse(JSON.stringify(secret)) as string,
    ];
    for (const print of prints) expect(print).toContain(shown);
    const nested = [
      inspect({ a: [secret] }, { depth: 9, showHidden: true }),
      JSON.stringify({ a: [secret] }),
    ];
    for (const print of [...prints, ...nested]) expect(print).not.toContain('swordfish');
  });

  test('has no member that holds the text', () => {
    expect(Object.keys(secret)).toEqual([]);
    expect(JSON.stringify(Object.assign({}, secret))).toBe('{}');
    expect(JSON.stringify(structuredClone(secret))).not.toContain('swordfish');
    expect(Object.values(Object.getOwnPropertyDescriptors(secret))).toEqual([]);
  });

  test('gives the text only when asked to reveal it', () => {
    expect(secret.reveal()).toBe('swordfish-and-more');
    expect(new TextDecoder().decode(secret.bytes())).toBe('swordfish-and-more');
    expect(secret.empty).toBe(false);
    expect(Secret.of('').empty).toBe(true);
  });

  test('equals what has the same text, and nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(Secret.of(a).equals(b)).toBe(a === b);
        expect(Secret.of(a).equals(Secret.of(a))).toBe(true);
      }),
    );
  });
});

describe('bytes', () => {
  test('are compared whatever their lengths, without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(sameBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(sameBytes(a, Uint8Array.from(a))).toBe(true);
      }),
    );
  });

  test('of random tokens are fresh, and never fewer than sixteen', () => {
    expect(randomToken()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new Set(Array.from({ length: 100 }, () => randomToken(16))).size).toBe(100);
    expect(() => randomToken(15)).toThrow(RangeError);
    expect(Buffer.from(sha256('')).toString('hex')).toBe(sha256Hex(new Uint8Array(0)));
  });
});
