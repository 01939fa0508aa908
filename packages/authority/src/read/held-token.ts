import { everyCaveat, type Caveat, type Clearable, type Verified } from '@hangar/macaroon';
import type { AcceptedToken } from './accepted-token.ts';

/** What a caller is asked of a token: nothing that was read from its bytes and would keep them alive. */
export type HeldToken = Pick<AcceptedToken, 'id' | 'workspace' | 'keyNumber' | 'branch'> & {
  readonly verified: Required<Clearable> & Pick<Verified, 'earliestExpiry'>;
};

/** One token or several. */
export type HeldTokens = readonly [HeldToken, ...HeldToken[]];

/** What a token costs besides its caveats: its objects and its id. Measured, as all of these. */
const TOKEN_BYTES = 450;
/** A digest as text, and its place in the list. */
const BRANCH_BYTES = 96;
const OBJECT_BYTES = 24;
const MAP_BYTES = 160;
const MAP_ENTRY_BYTES = 20;
/** A text, a large whole number, or a place in a list, besides what is in it. */
const VALUE_BYTES = 24;
/** Bytes have a buffer of their own. */
const BUFFER_BYTES = 200;

/** The part of an accepted token that outlives its request. */
export function heldOf({ id, workspace, keyNumber, branch, verified }: AcceptedToken): HeldToken {
  const { branches, earliestExpiry } = verified;
  // A caveat of the token is the same value in both lists: its place says which branch it stands in.
  const copies = new Map<Caveat, Caveat>();
  const copyOf = (caveat: Caveat): Caveat => {
    const copy = copies.get(caveat) ?? withOwnBytes(caveat);
    copies.set(caveat, copy);
    return copy;
  };
  const token = { caveats: verified.token.caveats.map(copyOf) };
  const caveats = verified.caveats.map(copyOf);
  return { id, workspace, keyNumber, branch, verified: { token, caveats, branches, earliestExpiry } };
}

/** The bytes inside a caveat lie in the buffer that its token was read into. */
function withOwnBytes(caveat: Caveat): Caveat {
  switch (caveat.type) {
    case 'Unknown':
      return { ...caveat, body: caveat.body.slice() };
    case 'IfPresent':
      return { ...caveat, ifs: caveat.ifs.map(withOwnBytes) };
    case '3P':
      return {
        ...caveat,
        ticket: caveat.ticket.slice(),
        verifierKey: caveat.verifierKey && caveat.verifierKey.slice(),
      };
    case 'BindToParentToken':
      return { ...caveat, prefix: caveat.prefix && caveat.prefix.slice() };
    default:
      return caveat;
  }
}

/** Whether there is a caveat that only a registry can clear, at any depth. Such caveats may charge the request. */
export function holdsPrivate({ verified }: HeldToken): boolean {
  for (const caveat of everyCaveat(verified.caveats)) if (caveat.type === 'Unknown') return true;
  return false;
}

/** How much memory it takes. */
export function heldBytes({ verified }: HeldToken): number {
  const caveats = new Set([...verified.caveats, ...verified.token.caveats]);
  let bytes = TOKEN_BYTES + verified.branches.length * BRANCH_BYTES;
  for (const caveat of caveats) bytes += bytesOf(caveat);
  return bytes;
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return VALUE_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  if (value instanceof Uint8Array) return BUFFER_BYTES + value.length;
  if (value instanceof Map) {
    let bytes = MAP_BYTES;
    for (const key of value.keys()) bytes += MAP_ENTRY_BYTES + bytesOf(key);
    return bytes;
  }
  return Object.values(value).reduce<number>((sum, member) => sum + bytesOf(member), OBJECT_BYTES);
}
