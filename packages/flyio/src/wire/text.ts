import { z } from 'zod';

/**
 * C0 and C1 controls and DEL: a NUL ends a text in Postgres with an error, the others forge lines in logs.
 */
const CONTROL = /\p{Cc}/u;
/** Half a surrogate pair is no character; Postgres refuses it in JSON. */
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** A text a human wrote: any Unicode on one line, of bounded length. */
export function displayText(maxLength: number) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(maxLength, `must be at most ${maxLength} characters`)
    .refine((text) => !CONTROL.test(text), 'must not contain control characters')
    .refine((text) => !LONE_SURROGATE.test(text), 'must be well-formed Unicode');
}

/** An opaque id of somebody else's: visible ASCII, case-sensitive, bounded. */
export const opaqueId = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 visible ASCII characters');

/** Decimal number as text, up to ten places: money and quantities are never floats. */
export const decimalText = z
  .string()
  .regex(/^-?(?:0|[1-9][0-9]{0,20})(?:\.[0-9]{1,10})?$/, 'must be a decimal number');

/** RFC 3339 with an offset or `Z`. */
export const instantText = z.iso.datetime({ offset: true });

/** A JSON object of anything. */
export const freeObject = z.record(z.string(), z.unknown());
