/** Decimal places of money and quantities (docs/specs/extensions.md#charges). */
const PLACES = 10;
const ONE = 10n ** BigInt(PLACES);
const DECIMAL = /^(-?)(\d{1,21})(?:\.(\d{1,10}))?$/;

/**
 * A decimal text as an integer of 1e-10. Floats never enter: 0.1 has no exact one.
 * @throws RangeError when the text is no decimal number of at most ten places
 */
export function parseAmount(text: string): bigint {
  const match = DECIMAL.exec(text);
  if (match === null) throw new RangeError(`not a decimal number: ${JSON.stringify(text.slice(0, 40))}`);
  const [, sign = '', whole = '0', fraction = ''] = match;
  const value = BigInt(whole) * ONE + BigInt(fraction.padEnd(PLACES, '0'));
  return sign === '-' ? -value : value;
}

/** An integer of 1e-10 as the shortest decimal text. */
export function formatAmount(value: bigint): string {
  const sign = value < 0n ? '-' : '';
  const digits = (value < 0n ? -value : value).toString().padStart(PLACES + 1, '0');
  const whole = digits.slice(0, -PLACES);
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

/** The product of two, rounded half to even at the tenth place. */
export function multiply(a: bigint, b: bigint): bigint {
  const product = a * b;
  const size = product < 0n ? -product : product;
  const quotient = size / ONE;
  const twice = (size % ONE) * 2n;
  const up = twice > ONE || (twice === ONE && quotient % 2n === 1n);
  const rounded = up ? quotient + 1n : quotient;
  return product < 0n ? -rounded : rounded;
}
