import { HangarError, type Soon } from '@hangar/http';
import type { Verified } from '@hangar/macaroon';
import type { IssuerAbout, VerifyingIssuer } from '../issuer/port.ts';
import type { Revocation } from '../ports.ts';

/** How often the feed is read while tasks run (docs/specs/promises.md#revocation-feed). */
export const POLL_SECONDS = 0.25;

/** Knowledge older than three polls counts as lost: nothing is accepted on it. */
export const STALE_AFTER_MS = 750;

/** An entry outlives its tokens by this much, so that a clock that is set back revives none of them. */
const CLOCK_DOUBT_MS = 24 * 3_600_000;

/** How often the entries held are looked through for those. */
const FORGET_EVERY_MS = 60_000;

/** What of a chain is revoked; a part is one of several texts that a token was minted as. */
export type RevokedLink = Revocation['kind'] | 'part';

/** One link of a token's chain, as the feed can name it. */
export interface Chain {
  readonly key: bigint;
  readonly workspace: bigint;
  readonly tokenId: string;
  /** Its branches cost a hash each, and are only asked for while something is revoked. */
  readonly verified: Pick<Verified, 'branches'>;
}

/**
 * What has been revoked, as this process knows it. Reading is free of the database while knowledge is
 * fresh; when it is not, the next reader waits for the database, and is refused if that fails.
 */
export interface RevocationFeed {
  /**
   * What verdicts of now depend on besides the token: whatever is remembered belongs to one domain. Another one begins
   * whenever knowledge was lost, so that nothing that was judged before is remembered after.
   */
  readonly domain: Uint8Array;
  /** Whether what is known here may be answered by. */
  readonly isFresh: boolean;
  /** Grows whenever more is revoked. As long as it stays, what was not revoked is not. */
  readonly changes: number;
  /** Undefined when knowledge is fresh, else a promise that settles when it is or throws `unavailable`. */
  ensureFresh(): Promise<void> | undefined;
  /** Reads the feed now, after everything committed before the call. Throws what the store throws. */
  refresh(): Promise<void>;
  /** What of a chain is revoked, if anything is. */
  revoked(chain: Chain): RevokedLink | undefined;
  /**
   * Whether a signing key of this number can exist. One that is not known yet may have been made a moment ago by
   * another process, so the feed is read again; all who ask meanwhile share one reading.
   */
  keyMayExist(number: bigint): Soon<boolean>;
}

/**
 * Builds a feed reader. `monotonicMs` is a clock that never jumps: a wall clock that is set back must
 * not make old knowledge look new. `onLost` is called each time fresh knowledge has run out.
 */
export function createRevocationFeed(options: {
  issuer: Pick<VerifyingIssuer, 'revokedSince' | 'about'>;
  /** What this process was started for; an issuer that signs for something else is of no use to it. */
  expected: Pick<IssuerAbout, 'location' | 'dischargeLocation'>;
  now: () => Date;
  monotonicMs: () => number;
  onLost: () => void;
}): RevocationFeed {
  const { issuer, now, monotonicMs } = options;
  let entries = new Map<string, Revocation>();
  let newest = 0n;
  let newestKey = 0n;
  let domain: Uint8Array = new Uint8Array();
  let knownAt = Number.NEGATIVE_INFINITY;
  let forgotAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let changes = 0;
  let version = '';
  let losses = 0;

  const isFresh = (): boolean => monotonicMs() - knownAt <= STALE_AFTER_MS;

  async function read(): Promise<void> {
    if (!isFresh()) {
      options.onLost();
      version = versionOf(await issuer.about(), options.expected);
      nextDomain();
    }
    let known = entries;
    let from = newest;
    for (let more = true; more;) {
      const askedAt = monotonicMs();
      const page = await issuer.revokedSince(from);
      if (page.newest < from) {
        // An older database was restored: key numbers and revocations may mean something else now. What was known
        // counts until all of the other is.
        options.onLost();
        nextDomain();
        known = new Map();
        from = 0n;
        continue;
      }
      for (const entry of page.revocations)
        known.set(entryKey(entry.workspace, entry.kind, entry.value), entry);
      changes += page.revocations.length;
      more = page.more;
      from = more ? (page.revocations.at(-1)?.number ?? from) : page.newest;
      newestKey = page.newestKey;
      // Fresh as of the last question, not of its answer: a slow database must not stretch the promise.
      if (!more) knownAt = askedAt;
    }
    if (entries !== known) changes += 1;
    entries = known;
    newest = from;
  }

  function nextDomain(): void {
    losses += 1;
    domain = new TextEncoder().encode(`${losses} ${version}`);
  }

  function readOnce(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  let next: Promise<void> | undefined;
  /** A reading that began after the call: one under way may have asked before whatever the caller knows of. */
  function readFromNow(): Promise<void> {
    if (!reading) return readOnce();
    next ??= readAfter(reading);
    return next;
  }

  async function readAfter(earlier: Promise<void>): Promise<void> {
    await earlier.catch(() => undefined);
    next = undefined;
    await readOnce();
  }

  async function orUnavailable(read: Promise<void>): Promise<void> {
    try {
      await read;
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
    get domain() {
      return domain;
    },
    get isFresh() {
      return isFresh();
    },
    get changes() {
      return changes;
    },
    ensureFresh: () => (isFresh() ? undefined : orUnavailable(readOnce())),
    refresh: async () => {
      await readFromNow();
      forgetNeedless();
    },
    revoked: ({ key, workspace, tokenId, verified }) => {
      if (entries.size === 0) return undefined;
      if (entries.has(entryKey(workspace, 'key', String(key)))) return 'key';
      if (entries.has(entryKey(workspace, 'token', tokenId))) return 'token';
      for (const branch of verified.branches) {
        const entry = entries.get(entryKey(workspace, 'branch', branch));
        if (entry) return entry.isPart ? 'part' : 'branch';
      }
      return undefined;
    },
    keyMayExist: (number) => {
      const exists = (): boolean => number > 0n && number <= newestKey;
      return number > newestKey ? orUnavailable(readFromNow()).then(exists) : exists();
    },
  };
}

/** Changes when a verdict of before may not hold any more. Throws when the issuer signs for something else. */
function versionOf(
  about: IssuerAbout,
  expected: Pick<IssuerAbout, 'location' | 'dischargeLocation'>,
): string {
  if (about.location !== expected.location || about.dischargeLocation !== expected.dischargeLocation) {
    throw new HangarError('unavailable', {
      detail: `the issuer signs for ${about.location} and ${about.dischargeLocation}, not for ${expected.location} and ${expected.dischargeLocation}`,
    });
  }
  return about.version;
}

function entryKey(workspace: bigint, kind: Revocation['kind'], value: string): string {
  return `${workspace} ${kind} ${value}`;
}
