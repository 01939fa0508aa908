import { createHmac } from 'node:crypto';
import { sameBytes } from '../compare.ts';
import type { EnvelopeReason } from '../envelope.ts';
import type { Secret } from '../secret.ts';
import { keysOf, messagesOf } from './attempts.ts';
import { envelopeMistakes } from './envelope-mistakes.ts';

/** A request that was refused, byte for byte. */
export interface RefusedRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** What the one who looks holds. */
export interface DoctorOptions {
  /** In force: one of them should have signed. */
  readonly secrets: readonly Secret[];
  /** Others that may have been taken by mistake, with what they are called. */
  readonly others?: readonly { readonly name: string; readonly secret: Secret }[] | undefined;
  /** The address of the route as it is published. */
  readonly url: string;
  readonly now: Date;
}

/** One mistake, in a sentence that holds no secret and no digest. */
export interface Mistake {
  readonly tag:
    | 'header_missing'
    | 'other_header'
    | 'header_repeated'
    | 'other_form'
    | 'other_bytes'
    | 'other_secret'
    | 'unknown'
    | EnvelopeReason['tag'];
  readonly says: string;
}

/** Beyond this a body is no request of Fly.io's, and nothing is tried. */
const MAX_BYTES = 64 * 1024;
const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;
/** Headers in which others carry signatures. */
const OTHER_HEADERS = [
  'x-fly-signature',
  'fly-signature-256',
  'x-hub-signature-256',
  'signature',
  'x-hmac-signature',
];

/**
 * Names what is wrong with a request that was refused: it tries what people do instead of what the page says, and tells which of it
 * makes the signature hold (docs/specs/extensions.md#signature). Empty when nothing is wrong but the nonce may have been used. At most
 * a few hundred digests of 64 KiB, so it is for whoever looks into one refusal, not for every stranger's request.
 *
 * @example
 * const mistakes = diagnoseSignature(request, { secrets, url, now });
 * for (const { says } of mistakes) console.log(says);
 */
export function diagnoseSignature(request: RefusedRequest, options: DoctorOptions): readonly Mistake[] {
  const carried = signatureIn(request);
  if (Array.isArray(carried)) return carried;
  const found = carried.digest === undefined ? undefined : whatHolds(carried.digest, request, options);
  const signature = [carried.mistake, ...(found ?? [])].filter((one) => one !== undefined);
  if (found === undefined)
    signature.push({
      tag: 'unknown',
      says: 'The signature is of other bytes, or made with a secret that is not held here.',
    });
  return [...signature, ...envelopeMistakes(request, options)];
}

interface Carried {
  readonly digest: Uint8Array | undefined;
  readonly mistake: Mistake | undefined;
}

function signatureIn({ headers }: RefusedRequest): Carried | Mistake[] {
  const given = headers.get('x-signature');
  const other = OTHER_HEADERS.find((name) => headers.has(name));
  const text = given ?? (other === undefined ? '' : (headers.get(other) ?? ''));
  if (text === '') return [{ tag: 'header_missing', says: 'There is no X-Signature header.' }];
  if (text.includes(','))
    return [{ tag: 'header_repeated', says: 'X-Signature came more than once; exactly one is read.' }];
  const elsewhere: Mistake | undefined =
    given === null && other !== undefined
      ? { tag: 'other_header', says: `The signature is in ${other}; it belongs in X-Signature.` }
      : undefined;
  const bare = text.trim().replace(/^(?:sha256|v1|hmac-sha256)[=,]/i, '');
  const form = (says: string): Mistake => ({ tag: 'other_form', says });
  if (HEX.test(bare)) {
    const prefixed =
      bare === text
        ? undefined
        : form('There is something around the hex digits of the signature; send the 64 digits alone.');
    return { digest: Buffer.from(bare, 'hex'), mistake: elsewhere ?? prefixed };
  }
  if (BASE64.test(bare))
    return {
      digest: Buffer.from(bare, 'base64'),
      mistake: form('The signature is base64; send 64 hex digits.'),
    };
  return {
    digest: undefined,
    mistake: form(`The signature has ${text.length} characters; it is 64 hex digits.`),
  };
}

/** Which bytes and which secret make the digest hold; the right ones are tried first. */
function whatHolds(
  digest: Uint8Array,
  request: RefusedRequest,
  options: DoctorOptions,
): Mistake[] | undefined {
  if (request.body.byteLength > MAX_BYTES || request.target.length > MAX_BYTES) return undefined;
  const messages = messagesOf(request, options.url);
  for (const key of keysOf(options))
    for (const message of messages) {
      const made = createHmac('sha256', key.value).update(message.value).digest();
      if (!sameBytes(made, digest)) continue;
      return [
        ...(message.says === undefined ? [] : [{ tag: 'other_bytes', says: message.says } as const]),
        ...(key.says === undefined ? [] : [{ tag: 'other_secret', says: key.says } as const]),
      ];
    }
  return undefined;
}
