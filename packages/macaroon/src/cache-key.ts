import { sha256 } from '#crypto';
import { concatBytes, equalBytes, latin1 } from './bytes.ts';
import type { Macaroon } from './macaroon.ts';
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
  for (const { location } of matched) parts.push(joined(options.trusted?.get(location) ?? []));
  return joined(parts);
}

/**
 * What a token shares with those narrowed from it: domain, nonce and discharges. A digest, because a domain may hold a key
 * and discharges hold tails.
 */
export function familyKey(domain: Uint8Array, macaroon: Macaroon, matched: readonly Macaroon[]): string {
  const parts = [domain, macaroon.nonceBytes];
  for (const discharge of matched) parts.push(discharge.bytes);
  return latin1(sha256(joined(parts)));
}

/**
 * Names one token within its family. The location is left out: it is not signed, so one valid token could be written with
 * any number of them.
 */
export function entryKey(family: string, { pairs, tail, bytes }: Macaroon): string {
  // The canonical form leaves one way to write what stands between the first caveat and the end.
  const first = pairs[0] ?? tail;
  return family + latin1(sha256(bytes.subarray(first.byteOffset - bytes.byteOffset)));
}

/** The signed bytes of the first caveats of a token, a view on it. */
export function caveatBytes({ pairs, bytes }: Macaroon, count: number): Uint8Array {
  if (count === 0) return EMPTY;
  const last = pairs[count - 1]!;
  return bytes.subarray(
    pairs[0]!.byteOffset - bytes.byteOffset,
    last.byteOffset + last.length - bytes.byteOffset,
  );
}

const EMPTY = new Uint8Array();
const UNBOUND = Uint8Array.of(0);
const BOUND = Uint8Array.of(1);

/** Each part behind its length, so that no two lists of parts join to the same bytes. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    parts.flatMap((part) => {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, part.length);
      return [length, part];
    }),
  );
}
