/** Fixed keys, clocks and randomness shared by the tests of this package; nothing here is secret. */
import {
  Action,
  LOCATIONS,
  addThirdParty,
  createDischarge,
  decodeMacaroon,
  encodeCaveats,
  mint,
  verify,
  type Access,
  type Caveat,
  type Macaroon,
  type Verified,
  type VerifyOptions,
  Writer,
} from '@hangar/macaroon';
import { PLAIN_CRYPTO } from '#crypto';

const { chainTails } = PLAIN_CRYPTO;

export const key = Uint8Array.from({ length: 32 }, (_, index) => index);
export const sharedKey = new Uint8Array(32).fill(0x42);
export const otherKey = new Uint8Array(32).fill(0x99);
export const keyId = new TextEncoder().encode('example-kid');
export const permission = LOCATIONS.permission;
export const login = LOCATIONS.newAuthentication;
export const trusted = new Map([[login, [sharedKey]]]);

export const start = 1_700_000_000;
export const now = new Date(start * 1000);
export const org: Caveat = { type: 'Organization', id: 4721n, mask: Action.all };
export const window: Caveat = { type: 'ValidityWindow', notBefore: start, notAfter: start + 630 };

/** A request that `org` allows. */
export function access(change: Partial<Access> = {}): Access {
  return { action: Action.read, orgId: 4721n, now, ...change };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

/** Randomness that hands out the given byte strings in turn. */
export function scripted(...parts: readonly Uint8Array[]): (length: number) => Uint8Array {
  const left = [...parts];
  return (length) => {
    const part = left.shift();
    if (part?.length !== length) throw new Error(`no scripted ${length} bytes`);
    return part;
  };
}

export function filled(byte: number): (length: number) => Uint8Array {
  return (length) => new Uint8Array(length).fill(byte);
}

export function token(caveats: readonly Caveat[] = [org], options: { key?: Uint8Array } = {}): Macaroon {
  return mint({ key: options.key ?? key, keyId, location: permission, caveats, random: filled(0xa5) });
}

/** A token as somebody else may have made it: with caveats that this library does not put into one. */
export function foreign(caveats: readonly Caveat[]): Macaroon {
  const nonce = new Writer().array(3).bin(keyId).bin(new Uint8Array(16).fill(0xa5)).bool(false).finish();
  const pairs = caveats.map((caveat) => encodeCaveats([caveat]).subarray(1));
  const writer = new Writer()
    .array(4)
    .raw(nonce)
    .text(permission)
    .array(2 * pairs.length);
  for (const pair of pairs) writer.raw(pair);
  const decoded = decodeMacaroon(writer.bin(chainTails(key, nonce, pairs).at(-1)!).finish());
  if (!decoded.ok) throw new Error(decoded.reason.detail);
  return decoded.value;
}

/** A token that asks the login service, and the ticket in it. */
export function guarded(
  caveats: readonly Caveat[] = [org],
  ticketCaveats: readonly Caveat[] = [],
): { token: Macaroon; ticket: Uint8Array } {
  const made = addThirdParty(token(caveats), { location: login, sharedKey, ticketCaveats });
  return { token: made, ticket: ticketOf(made) };
}

export function ticketOf(macaroon: Macaroon): Uint8Array {
  const caveat = macaroon.caveats.find(({ type }) => type === '3P');
  if (caveat?.type !== '3P') throw new Error('no ticket');
  return caveat.ticket;
}

export function discharge(ticket: Uint8Array, caveats: readonly Caveat[] = [window]): Macaroon {
  return createDischarge({ ticket, sharedKey, location: login, caveats });
}

/** Verifies or says why not. */
export function verified(macaroon: Macaroon, options: Partial<VerifyOptions> = {}): Verified {
  const verdict = verify(macaroon, { key, ...options });
  if (!verdict.ok) throw new Error(`not verified: ${verdict.reason.tag}`);
  return verdict.value;
}

/** The tag of the refusal, or `verified`. */
export function outcome(macaroon: Macaroon, options: Partial<VerifyOptions> = {}): string {
  const verdict = verify(macaroon, { key, ...options });
  return verdict.ok ? 'verified' : verdict.reason.tag;
}
