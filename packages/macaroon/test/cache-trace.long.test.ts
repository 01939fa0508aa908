/**
 * What the cache is worth (TOK-9), on a trace that is written down here and not fitted to it: 10,000 tokens, asked for by
 * Zipf's law with exponent 1 (the r-th most popular token is asked for 1/r as often as the first), 2000 checks a second, one
 * in twenty of them a child narrowed on the spot. A quarter of the tokens comes with a discharge. The cache has its default
 * bounds of bytes and of time and is not new: for the length of its memory before the count begins, every token was seen
 * once, so entries grow old all the way through.
 */
import { expect, test } from 'vitest';
import {
  Action,
  addThirdParty,
  attenuate,
  clear,
  createVerificationCache,
  decodeMacaroon,
  mint,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import { nightly } from './arbitrary.ts';
import {
  access,
  discharge,
  key,
  keyId,
  login,
  org,
  permission,
  sharedKey,
  start,
  ticketOf,
  trusted,
} from './fixture.ts';

const CHECKS = nightly ? 1_000_000 : 100_000;
const TOKENS = 10_000;
const CHECKS_PER_SECOND = 2000;
const CHILDREN = 1 / 20;
const FORGERIES = 1 / 100;
const WITH_DISCHARGE = 4;
const SHORT_LIVED = 5;
/** The default of the cache. */
const MEMORY_SECONDS = 300;
const LEAST_HITS = 0.98;

/** A linear congruential generator: the same trace in every run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Picks ranks from 0 by Zipf's law. */
function zipf(count: number, random: () => number): () => number {
  const reached: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) reached.push((sum += 1 / rank));
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (reached[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

interface Shown {
  readonly macaroon: Macaroon;
  readonly discharges: readonly Macaroon[];
  /** Milliseconds. One token in five ends during the trace. */
  readonly endsAt: number;
}

function makeToken(index: number, random: () => number, seconds: number): Shown {
  const endsAt = index % SHORT_LIVED === 0 ? start + Math.floor(random() * seconds) : start + 2 * seconds;
  const caveats: Caveat[] = [
    org,
    { type: 'ValidityWindow', notBefore: start - 3600, notAfter: endsAt },
    { type: 'IfPresent', ifs: [{ type: 'Apps', apps: new Map([[BigInt(index), 31]]) }], else: Action.read },
  ];
  const plain = mint({ key, keyId, location: permission, caveats });
  if (index % WITH_DISCHARGE !== 0) return { macaroon: plain, discharges: [], endsAt: endsAt * 1000 };
  const macaroon = addThirdParty(plain, { location: login, sharedKey });
  const window: Caveat = { type: 'ValidityWindow', notBefore: start - 3600, notAfter: start + 2 * seconds };
  const paper = discharge(ticketOf(macaroon), [window, { type: 'FlyioUserID', id: BigInt(index) }]);
  return { macaroon, discharges: [paper], endsAt: endsAt * 1000 };
}

function withWrongTail({ bytes }: Macaroon): Macaroon {
  const copy = bytes.slice();
  copy[copy.length - 1]! ^= 1;
  const decoded = decodeMacaroon(copy);
  if (!decoded.ok) throw new Error(decoded.reason.tag);
  return decoded.value;
}

test(
  'at least 98 of 100 checks are answered from memory, and none of them wrongly',
  { timeout: 600_000 },
  () => {
    const random = sequence(9);
    const seconds = CHECKS / CHECKS_PER_SECOND;
    let clock = new Date((start - MEMORY_SECONDS) * 1000);
    const cache = createVerificationCache({ now: () => clock });
    const tokens = Array.from({ length: TOKENS }, (_, index) => makeToken(index, random, seconds));
    const ask = (macaroon: Macaroon, discharges: readonly Macaroon[]) =>
      cache.verify(macaroon, { key, discharges, trusted });

    for (const index of tokens.keys()) {
      clock = new Date((start - MEMORY_SECONDS * (1 - index / TOKENS)) * 1000);
      const { macaroon, discharges } = tokens[(index * 7919) % TOKENS]!;
      expect(ask(macaroon, discharges).ok).toBe(true);
    }

    const pick = zipf(TOKENS, random);
    const count = {
      hits: 0,
      misses: 0,
      stale: 0,
      wronglyRefused: 0,
      expired: 0,
      forgeriesAccepted: 0,
      forgeriesKept: 0,
    };
    for (let check = 0; check < CHECKS; check++) {
      clock = new Date(start * 1000 + Math.floor((check * 1000) / CHECKS_PER_SECOND));
      const { macaroon, discharges, endsAt } = tokens[pick()]!;
      const child = random() < CHILDREN;
      const shown = child ? attenuate(macaroon, [{ type: 'IsUser', id: BigInt(check) }]) : macaroon;
      if (random() < FORGERIES) {
        const size = cache.size;
        if (ask(withWrongTail(shown), discharges).ok) count.forgeriesAccepted += 1;
        if (cache.size > size) count.forgeriesKept += 1;
      }
      const { hits, misses } = cache;
      const verdict = ask(shown, discharges);
      count.hits += cache.hits - hits;
      count.misses += cache.misses - misses;
      const allowed = verdict.ok && clear(verdict.value, access({ now: clock })).ok;
      const over = clock.getTime() > endsAt;
      if (over) count.expired += 1;
      if (allowed && over) count.stale += 1;
      if (!allowed && !over) count.wronglyRefused += 1;
    }
    expect(count).toMatchObject({ stale: 0, wronglyRefused: 0, forgeriesAccepted: 0, forgeriesKept: 0 });
    expect(count.hits + count.misses).toBe(CHECKS);
    expect(count.hits / CHECKS).toBeGreaterThanOrEqual(LEAST_HITS);
    // Otherwise nothing was tried.
    expect(count.expired).toBeGreaterThan(CHECKS / 100);
  },
);
