import { HangarError } from '@hangar/security';
import type { AuthorityStore, Revocation } from './ports.ts';

/** How often the feed is read while tasks run (security-reliability.md 9.9). */
export const POLL_SECONDS = 0.25;

/** Knowledge older than three polls counts as lost: nothing is accepted on it. */
export const STALE_AFTER_MS = 750;

/** A key number nobody knows makes us look again, but not more often than this. */
const KEY_RECHECK_MS = 50;

/** An entry outlives its tokens by this much, so that a clock that is set back revives none of them. */
const CLOCK_DOUBT_MS = 24 * 3_600_000;

/** How often the entries held are looked through for those. */
const FORGET_EVERY_MS = 60_000;

/** One link of a token's chain, as the feed can name it. */
export interface Chain {
  readonly key: bigint;
  readonly workspace: bigint;
  readonly tokenId: string;
  readonly branches: readonly string[];
}

/**
 * What has been revoked, as this process knows it. Reading is free of the database while knowledge is
 * fresh; when it is not, the next reader waits for the database, and is refused if that fails.
 */
export interface RevocationFeed {
  /** Undefined when knowledge is fresh, else a promise that settles when it is or throws `unavailable`. */
  ensureFresh(): Promise<void> | undefined;
  /** Reads the feed now, after everything committed before the call. Throws what the store throws. */
  refresh(): Promise<void>;
  /** What of a chain is revoked, if anything is. */
  revoked(chain: Chain): Revocation['kind'] | undefined;
  /** Whether a signing key of this number can exist; looks again when it is not known yet. */
  keyMayExist(number: bigint): Promise<boolean>;
}

/**
 * Builds a feed reader. `monotonicMs` is a clock that never jumps: a wall clock that is set back must
 * not make old knowledge look new. `onLost` is called each time fresh knowledge has run out.
 */
export function createRevocationFeed(options: {
  store: Pick<AuthorityStore, 'revokedSince'>;
  now: () => Date;
  monotonicMs: () => number;
  onLost: () => void;
}): RevocationFeed {
  const { store, now, monotonicMs } = options;
  const entries = new Map<string, Revocation>();
  let newest = 0n;
  let newestKey = 0n;
  let knownAt = Number.NEGATIVE_INFINITY;
  let forgotAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const isFresh = (): boolean => monotonicMs() - knownAt <= STALE_AFTER_MS;

  async function read(): Promise<void> {
    if (!isFresh()) options.onLost();
    const startedAt = monotonicMs();
    let page = await store.revokedSince(newest);
    if (page.newest < newest) page = await store.revokedSince(0n);
    for (const entry of page.revocations)
      entries.set(entryKey(entry.workspace, entry.kind, entry.value), entry);
    newest = page.newest;
    newestKey = page.newestKey;
    // Fresh as of the question, not of the answer: a slow database must not stretch the promise.
    knownAt = startedAt;
  }

  function readOnce(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function becomeFresh(): Promise<void> {
    try {
      await readOnce();
    } catch (cause) {
      throw new HangarError('unavailable', {
        detail: 'the revocation feed cannot be read, so no token can be accepted',
        retryAfterSeconds: 1,
        cause,
      });
    }
  }

  function forgetNeedless(): void {
    if (monotonicMs() - forgotAt < FORGET_EVERY_MS) return;
    forgotAt = monotonicMs();
    const doubtful = now().getTime() - CLOCK_DOUBT_MS;
    for (const [key, entry] of entries) {
      if (entry.needlessAfter !== undefined && entry.needlessAfter.getTime() < doubtful) entries.delete(key);
    }
  }

  return {
    ensureFresh: () => (isFresh() ? undefined : becomeFresh()),
    refresh: async () => {
      // A read that is already under way may have asked before the caller's own write.
      await reading?.catch(() => undefined);
      await readOnce();
      forgetNeedless();
    },
    revoked: ({ key, workspace, tokenId, branches }) => {
      if (entries.size === 0) return undefined;
      if (entries.has(entryKey(workspace, 'key', String(key)))) return 'key';
      if (entries.has(entryKey(workspace, 'token', tokenId))) return 'token';
      return branches.some((branch) => entries.has(entryKey(workspace, 'branch', branch)))
        ? 'branch'
        : undefined;
    },
    keyMayExist: async (number) => {
      if (number > newestKey && monotonicMs() - knownAt > KEY_RECHECK_MS) await becomeFresh();
      return number > 0n && number <= newestKey;
    },
  };
}

function entryKey(workspace: bigint, kind: Revocation['kind'], value: string): string {
  return `${workspace} ${kind} ${value}`;
}
