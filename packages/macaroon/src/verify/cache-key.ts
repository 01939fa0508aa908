import { encodeBase64 } from '#crypto';
import type { TokenCrypto } from '../crypto/token-crypto.ts';
import { equalBytes } from '../bytes.ts';
import { KEY_BYTES } from '../limits.ts';
import { marksOf, type Macaroon } from '../format/macaroon.ts';
import type { VerifyOptions } from './verify.ts';

/**
 * The discharge for each third-party caveat, in their order. Undefined when one is missing, and when there is more than one
 * for a ticket: which of them counts is for verification to find out.
 */
export function matchedDischarges(
  macaroon: Macaroon,
  discharges: readonly Macaroon[],
): readonly Macaroon[] | undefined {
  const matched: Macaroon[] = [];
  for (const caveat of macaroon.caveats) {
    if (caveat.type !== '3P') continue;
    let found: Macaroon | undefined;
    for (const discharge of discharges) {
      if (!equalBytes(discharge.nonce.keyId, caveat.ticket)) continue;
      if (found !== undefined) return undefined;
      found = discharge;
    }
    if (found === undefined) return undefined;
    matched.push(found);
  }
  return matched;
}

/** Where `verify` remembers: the signing key, the demands, and the keys that decide about each discharge's trust. */
export function verifyDomain(options: VerifyOptions, matched: readonly Macaroon[]): Uint8Array {
  const parts = [options.key, options.requireBinding === true ? BOUND : UNBOUND];
  for (const { location } of matched) {
    const keys = options.trusted?.get(location) ?? [];
    parts.push(Uint8Array.of(keys.length), ...keys);
  }
  return joined(parts);
}

/**
 * Names a token by what cannot be made without knowing it: its tail and those of its discharges. A digest, because tails are
 * secrets and a lookup takes its own time. What it names still has to be compared: a known tail can be written under
 * anything.
 */
export function entryKey(
  domain: Uint8Array,
  macaroon: Macaroon,
  matched: readonly Macaroon[],
  { sha256 }: TokenCrypto,
): string {
  const parts = [domain, macaroon.tail];
  for (const discharge of matched) parts.push(discharge.tail);
  return encodeBase64(sha256(joined(parts)));
}

/** What a token shares with those narrowed from it: domain, nonce and the very discharges. */
export function familyKey(
  domain: Uint8Array,
  macaroon: Macaroon,
  matched: readonly Macaroon[],
  { sha256 }: TokenCrypto,
): string {
  const parts = [domain, macaroon.nonceBytes];
  for (const discharge of matched) parts.push(discharge.bytes);
  return encodeBase64(sha256(joined(parts)));
}

/** Where the caveats of a token begin, and where the first so many of them end. */
export function caveatRange(macaroon: Macaroon, count: number): readonly [start: number, end: number] {
  const marks = marksOf(macaroon);
  return [marks[2]!, marks[2 + count]!];
}

/** Everything of a discharge but its tail: location too, because it decides whose keys are asked. */
export function withoutTail({ bytes }: Macaroon): Uint8Array {
  return bytes.subarray(0, bytes.length - KEY_BYTES);
}

const UNBOUND = Uint8Array.of(0);
const BOUND = Uint8Array.of(1);

/** Each part behind its length, so that no two lists of parts join to the same bytes. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length + 4;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes[at] = part.length >>> 24;
    bytes[at + 1] = part.length >>> 16;
    bytes[at + 2] = part.length >>> 8;
    bytes[at + 3] = part.length;
    bytes.set(part, at + 4);
    at += part.length + 4;
  }
  return bytes;
}
