import { createHmac } from 'node:crypto';
import { sameBytes } from './compare.ts';
import { refuse, type Result } from '@hangar/http';
import type { Secret } from './secret.ts';

/** Why an `X-Signature` was not accepted. For the log only: outside, all of these are one 401. */
export type SignatureReason =
  | { readonly tag: 'signature_missing' }
  | { readonly tag: 'signature_repeated' }
  | { readonly tag: 'signature_malformed'; readonly length: number }
  | { readonly tag: 'signature_mismatch'; readonly received: string; readonly computed: readonly string[] };

/** Options of {@link verifySignature}. */
export interface SignatureOptions {
  /**
   * Also accept standard base64 of the 32 bytes (44 characters). Off: public evidence says Fly.io sends hex.
   */
  readonly acceptBase64?: boolean;
}

/** Enough of a digest to recognise it in a log, too little to use. */
const SHOWN_HEX = 8;

const HEX_DIGEST = /^[0-9a-fA-F]{64}$/;
const BASE64_DIGEST = /^[A-Za-z0-9+/]{43}=$/;

/**
 * The `X-Signature` of a message: HMAC-SHA256 keyed with the secret's UTF-8 bytes, in lower-case hex
 * (docs/specs/extensions.md#signature). Sign the raw body of POST and PATCH, the raw query string without its `?` of
 * GET and DELETE.
 * @throws RangeError when the secret is empty: a signature anyone can make is worse than none.
 *
 * @example
 * headers.set('x-signature', signMessage(secret, body));
 */
export function signMessage(secret: Secret, bytes: Uint8Array | string): string {
  return digestOf(secret, bytes).toString('hex');
}

/**
 * Checks an `X-Signature` header over the raw bytes, against every secret that is in force, without an early
 * exit. The answer names the secret by its index, so that an operator can see when an old one falls idle.
 * `header` is the value as fetch gives it: two headers arrive joined by a comma, and are refused.
 *
 * @example
 * const signed = verifySignature([newest, older], bodyBytes, request.headers.get('x-signature'));
 * if (!signed.ok) log(signed.reason.tag); // 'signature_missing', 'signature_mismatch', …
 */
export function verifySignature(
  secrets: readonly Secret[],
  bytes: Uint8Array,
  header: string | null,
  options: SignatureOptions = {},
): Result<{ secretIndex: number }, SignatureReason> {
  if (header === null || header === '') return refuse({ tag: 'signature_missing' });
  if (header.includes(',')) return refuse({ tag: 'signature_repeated' });
  const received = decodeDigest(header, options.acceptBase64 ?? false);
  if (!received) return refuse({ tag: 'signature_malformed', length: header.length });

  let secretIndex = -1;
  const computed: string[] = [];
  for (const [index, secret] of secrets.entries()) {
    if (secret.empty) continue;
    const expected = digestOf(secret, bytes);
    computed.push(expected.toString('hex').slice(0, SHOWN_HEX));
    if (sameBytes(expected, received) && secretIndex === -1) secretIndex = index;
  }
  if (secretIndex === -1) {
    return refuse({
      tag: 'signature_mismatch',
      received: received.toString('hex').slice(0, SHOWN_HEX),
      computed,
    });
  }
  return { ok: true, value: { secretIndex } };
}

function digestOf(secret: Secret, bytes: Uint8Array | string): Buffer {
  if (secret.empty) throw new RangeError('a message cannot be signed with an empty secret');
  return createHmac('sha256', secret.bytes()).update(bytes).digest();
}

// Buffer.from(x, 'hex') stops silently at the first character that is not hex, so the pattern comes first.
function decodeDigest(header: string, acceptBase64: boolean): Buffer | undefined {
  if (HEX_DIGEST.test(header)) return Buffer.from(header, 'hex');
  if (acceptBase64 && BASE64_DIGEST.test(header)) {
    const bytes = Buffer.from(header, 'base64');
    return bytes.toString('base64') === header ? bytes : undefined;
  }
  return undefined;
}
