import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from '@hangar/http';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('strict JSON', () => {
  test('reads what JSON.stringify writes, and writes nothing of its own into it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const parsed = parseStrictJson(bytes(text));
        fc.pre(!text.includes('__proto__'));
        expect(parsed).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test('agrees with JSON.parse on what is JSON at all', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '\\',
      '"a"',
      '"b"',
      '1',
      'null',
      ' ',
      '\n',
      'x',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const parsed = parseStrictJson(bytes(text));
        let plain: { value: unknown } | undefined;
        try {
          plain = { value: JSON.parse(text) as unknown };
        } catch {
          plain = undefined;
        }
        const refusedForMore = !parsed.ok && parsed.reason.tag !== 'json_malformed';
        const read = parsed.ok ? { value: parsed.value } : undefined;
        expect(refusedForMore || isDeepStrictEqual(read, plain)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('any bytes give a verdict, never a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (input) => {
        expect(typeof parseStrictJson(input).ok).toBe('boolean');
      }),
    );
  });

  test.each([
    ['twice the same key', '{"organization_id":"a","organization_id":"b"}'],
    ['the same key with blanks around', '{"a" : 1,\n"a"\t:2}'],
    ['the same key written with an escape', '{"ab":1,"\\u0061b":2}'],
    ['the same key in an inner object', '{"x":[{"a":1,"b":{"c":1,"c":2}}]}'],
    ['the same key behind an object', '{"a":{"q":1},"a":1}'],
  ])('%s is refused', (_name, text) => {
    expect(parseStrictJson(bytes(text))).toMatchObject({ ok: false, reason: { tag: 'json_duplicate_key' } });
  });

  test('the same key in two objects, or as a value, is fine', () => {
    expect(parseStrictJson(bytes('[{"a":"a"},{"a":"a"},["a","a"]]')).ok).toBe(true);
    expect(parseStrictJson(bytes('{"a":{"a":{"a":"a"}}}')).ok).toBe(true);
  });

  test.each([
    ['a byte order mark', '\ufeff{}', 'json_malformed'],
    ['nothing', '', 'json_malformed'],
    ['half a document', '{"a":', 'json_malformed'],
    ['two documents', '{}{}', 'json_malformed'],
    ['a comment', '{}//', 'json_malformed'],
    ['an open string', '{"a', 'json_malformed'],
    ['a bad escape in a key', '{"\\q":1}', 'json_malformed'],
  ])('%s is refused', (_name, text, tag) => {
    expect(parseStrictJson(bytes(text))).toMatchObject({ ok: false, reason: { tag } });
  });

  test('bytes that are not UTF-8 are refused', () => {
    expect(parseStrictJson(Uint8Array.of(0x22, 0xff, 0x22))).toEqual({
      ok: false,
      reason: { tag: 'json_not_utf8' },
    });
    expect(parseStrictJson(Uint8Array.of(0x22, 0xc0, 0x80, 0x22)).ok).toBe(false);
  });

  test('nesting has a limit that is counted, not felt', () => {
    const nested = (depth: number): Uint8Array => bytes('['.repeat(depth) + ']'.repeat(depth));
    expect(parseStrictJson(nested(64)).ok).toBe(true);
    expect(parseStrictJson(nested(65))).toMatchObject({
      ok: false,
      reason: { tag: 'json_too_deep', maxDepth: 64 },
    });
    expect(parseStrictJson(nested(100_000))).toMatchObject({ ok: false, reason: { tag: 'json_too_deep' } });
    expect(parseStrictJson(bytes('"' + '['.repeat(1000) + '"')).ok).toBe(true);
  });

  test('size has a limit', () => {
    expect(parseStrictJson(bytes('"abcd"'), { maxBytes: 5 })).toEqual({
      ok: false,
      reason: { tag: 'json_too_large', bytes: 6, maxBytes: 5 },
    });
  });

  test('a member called __proto__ is dropped, escaped or not, and pollutes nothing', () => {
    for (const text of ['{"__proto__":{"admin":true},"a":1}', '{"\\u005f_proto__":{"admin":true},"a":1}']) {
      const parsed = parseStrictJson(bytes(text));
      expect(parsed).toEqual({ ok: true, value: { a: 1 } });
      const copy: Record<string, unknown> = Object.assign({}, parsed.ok ? parsed.value : {});
      expect(copy['admin']).toBeUndefined();
    }
    expect(parseStrictJson(bytes('{"constructor":1,"a":"__proto__"}'))).toEqual({
      ok: true,
      value: { constructor: 1, a: '__proto__' },
    });
  });

  test('a megabyte of hostile text is read in linear time', () => {
    const started = performance.now();
    parseStrictJson(bytes('{"a":"' + '\\"'.repeat(500_000) + '"}'));
    parseStrictJson(bytes('"'.repeat(1_000_000)));
    parseStrictJson(bytes('{' + '"a" '.repeat(250_000)));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
