import type { AuthenticatedCaller } from '@hangar/contract';
import { certainEnd } from '../caveats/validity.ts';
import type { AcceptedToken } from './accepted-token.ts';
import type { RevocationFeed } from './feed.ts';
import { heldBytes, heldOf, holdsPrivate, type HeldToken, type HeldTokens } from './held-token.ts';

const MAX_TEXTS = 10_000;
const MAX_BYTES = 33_554_432;
/** As long as verified tokens are remembered: a client's next request falls into it. */
const MEMORY_MS = 300_000;
/**
 * V8 hashes no longer text by its characters. Such texts would be found by their length alone and then compared character
 * by character, and the time of that tells how far a guess was right.
 */
const MAX_TEXT_LENGTH = 16_383;

/** What an entry costs besides its text and its tokens: its object and its place in the map. Measured. */
const ENTRY_BYTES = 300;
/** A caller with its closures. Measured too. */
const CALLER_BYTES = 600;

interface Entry {
  readonly tokens: HeldTokens;
  /** Private caveats may charge a request or leave limits to it; then each request needs a caller of its own. */
  readonly isShared: boolean;
  caller: AuthenticatedCaller | undefined;
  readonly domain: Uint8Array;
  /** Of the clock that never jumps. */
  readonly untilMs: number;
  /** The first end of a discharge, in Unix milliseconds: afterwards the header wants another one. */
  readonly end: number;
  readonly bytes: number;
  /** How much was revoked when it was last found that none of this was. */
  seenChanges: number;
  used: boolean;
}

/**
 * Header texts that were accepted as a whole, each with its verified tokens. Whether something is revoked, and whether
 * that is known at all, is asked at every use; caveats and their windows are cleared by the caller each time, as ever.
 */
export interface HeaderMemory {
  /** Undefined says nothing about the text. Never waits. */
  recall(text: string): AuthenticatedCaller | undefined;
  /** Keeps a text whose every token was accepted by what was known under this domain of the feed. */
  remember(text: string, tokens: readonly [AcceptedToken, ...AcceptedToken[]], domain: Uint8Array): void;
  clear(): void;
  readonly size: number;
  /** How much memory it holds; true within a fifth. */
  readonly bytes: number;
}

/** Builds an empty one. `monotonicMs` is a clock that never jumps. */
export function createHeaderMemory(deps: {
  feed: RevocationFeed;
  callerOf: (tokens: HeldTokens) => AuthenticatedCaller;
  now: () => Date;
  monotonicMs: () => number;
  maxBytes?: number;
}): HeaderMemory {
  const { feed, callerOf, now, monotonicMs, maxBytes = MAX_BYTES } = deps;
  /** Oldest first, but for those that were passed over because they had been used. */
  const entries = new Map<string, Entry>();
  let bytes = 0;

  function drop(text: string, entry: Entry): void {
    entries.delete(text);
    bytes -= entry.bytes;
  }

  /** What was used since it was last looked at stays: texts can be made without end, and those come once. */
  function shrink(): void {
    for (const [text, entry] of entries) {
      if (entries.size <= MAX_TEXTS && bytes <= maxBytes) return;
      if (entry.used) {
        entry.used = false;
        entries.delete(text);
        entries.set(text, entry);
      } else drop(text, entry);
    }
  }

  function isRevoked({ id, workspace, keyNumber, verified }: HeldToken): boolean {
    return feed.revoked({ key: keyNumber, workspace, tokenId: id, verified }) !== undefined;
  }

  function holds(entry: Entry): boolean {
    if (entry.domain !== feed.domain || monotonicMs() >= entry.untilMs) return false;
    if (entry.end !== Number.POSITIVE_INFINITY && now().getTime() > entry.end) return false;
    if (entry.seenChanges === feed.changes) return true;
    if (entry.tokens.some(isRevoked)) return false;
    entry.seenChanges = feed.changes;
    return true;
  }

  return {
    recall: (text) => {
      if (text.length > MAX_TEXT_LENGTH || !feed.isFresh) return undefined;
      const entry = entries.get(text);
      if (entry === undefined) return undefined;
      if (!holds(entry)) {
        drop(text, entry);
        return undefined;
      }
      entry.used = true;
      if (entry.caller !== undefined) return entry.caller;
      const caller = callerOf(entry.tokens);
      if (entry.isShared) entry.caller = caller;
      return caller;
    },
    remember: (text, accepted, domain) => {
      if (text.length > MAX_TEXT_LENGTH) return;
      const [first, ...rest] = accepted;
      const tokens: HeldTokens = [heldOf(first), ...rest.map(heldOf)];
      const isShared = !tokens.some(holdsPrivate);
      const own = ENTRY_BYTES + text.length + (isShared ? CALLER_BYTES : 0);
      const old = entries.get(text);
      if (old !== undefined) drop(text, old);
      const entry: Entry = {
        tokens,
        isShared,
        caller: undefined,
        domain,
        untilMs: monotonicMs() + MEMORY_MS,
        end: endOfDischarges(accepted),
        bytes: tokens.reduce((sum, token) => sum + heldBytes(token), own),
        // Nothing was revoked of it, but that was before whatever has come since.
        seenChanges: -1,
        used: false,
      };
      entries.set(text, entry);
      bytes += entry.bytes;
      shrink();
    },
    clear: () => {
      entries.clear();
      bytes = 0;
    },
    get size() {
      return entries.size;
    },
    get bytes() {
      return bytes;
    },
  };
}

function endOfDischarges(tokens: readonly AcceptedToken[]): number {
  let end = Number.POSITIVE_INFINITY;
  for (const { verified } of tokens) {
    for (const { macaroon } of verified.discharges) {
      const seconds = certainEnd(macaroon.caveats);
      if (seconds !== undefined) end = Math.min(end, seconds * 1000);
    }
  }
  return end;
}
