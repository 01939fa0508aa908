import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Reader } from '../src/msgpack/reader.ts';
import { Writer } from '../src/msgpack/writer.ts';

/** Head and bytes of a text, written out from the format's own description. */
function spelledOut(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  const { length } = bytes;
  const head =
    length <= 31 ? [0xa0 | length] : length <= 0xff ? [0xd9, length] : [0xda, length >> 8, length & 0xff];
  return new Uint8Array(Buffer.concat([Buffer.from(head), bytes]));
}

describe('a text', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme-ascii', maxLength: 80 }),
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    // Around what is written letter by letter, with and without something else at its end.
    fc
      .tuple(
        fc.constantFrom(30, 31, 32, 63, 64, 65, 255, 256),
        fc.constantFrom('', '\x7f', '\x80', 'é', '👩‍✈️'),
      )
      .map(([length, end]) => 'a'.repeat(length) + end),
  );

  test('is the same bytes however it is written, behind whatever was written before', () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 70 }), (text, before) => {
        const writer = new Writer();
        for (let at = 0; at < before; at += 1) writer.nil();
        writer.text(text);
        const written = writer.since(before);
        expect(written).toEqual(spelledOut(text));
        const reader = new Reader(written.slice());
        expect(reader.text()).toBe(text);
        reader.finish();
      }),
      { numRuns: 500 },
    );
  });

  test.each(['\ud800', 'a\udc00b', `${'a'.repeat(63)}\ud800`])(
    'with half a character is refused: %j',
    (text) => {
      const writer = new Writer().nil();
      expect(() => writer.text(text)).toThrow('not well formed');
      expect(writer.length).toBe(1);
    },
  );
});
