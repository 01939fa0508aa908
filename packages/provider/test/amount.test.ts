import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAmount, multiply, parseAmount } from '@hangar/provider';

describe('money', () => {
  test.each([
    ['0', 0n],
    ['1', 10_000_000_000n],
    ['0.1', 1_000_000_000n],
    ['-12.345678', -123_456_780_000n],
    ['0.0000000001', 1n],
  ])('%s is read and written exactly', (text, value) => {
    expect(parseAmount(text)).toBe(value);
    expect(formatAmount(value)).toBe(text);
  });

  test.each(['', '1.', '.5', '1e3', '0x10', ' 1', '1,5', '0.00000000001', 'NaN', '--1', '1'.repeat(30)])(
    '%j is no amount',
    (text) => {
      expect(() => parseAmount(text)).toThrow(RangeError);
    },
  );

  test('every amount survives being written', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n }),
        (value) => parseAmount(formatAmount(value)) === value,
      ),
    );
  });

  test.each([
    ['0.1', '0.2', '0.02'],
    ['3', '0.3333333333', '0.9999999999'],
    ['0.00001', '0.00001', '0.0000000001'],
    // Half to even at the tenth place: 0.5e-10 goes to 0, 1.5e-10 to 2e-10.
    ['0.5', '0.0000000001', '0'],
    ['1.5', '0.0000000001', '0.0000000002'],
    ['-1.5', '0.0000000001', '-0.0000000002'],
    ['0.6', '0.0000000001', '0.0000000001'],
  ])('%s times %s is %s', (a, b, product) => {
    expect(formatAmount(multiply(parseAmount(a), parseAmount(b)))).toBe(product);
  });

  test('a product is never further from the truth than half of the last place', () => {
    const amount = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const error = multiply(a, b) * 10n ** 10n - a * b;
        return (error < 0n ? -error : error) * 2n <= 10n ** 10n;
      }),
    );
  });
});
