import { describe, expect, test } from 'vitest';
import {
  attenuate,
  attestations,
  clear,
  createVerificationCache,
  decodeToken,
  encodeToken,
  tokenId,
  verify,
  type Caveat,
  type Macaroon,
  type VerifyOptions,
} from '@hangar/macaroon';
import {
  access,
  discharge,
  guarded,
  key,
  login,
  now,
  org,
  otherKey,
  sharedKey,
  start,
  token,
  trusted,
  window,
} from './fixture.ts';

const asking = guarded([org]);
const user: Caveat = { type: 'FlyioUserID', id: 7n };
const paper = discharge(asking.ticket, [window, user]);

/** The same token, read anew as from another request. */
const again = (macaroon: Macaroon) => {
  const read = decodeToken(encodeToken(macaroon));
  if (!read.ok) throw new Error(read.reason.tag);
  return read.value;
};

describe('a verification cache', () => {
  test('answers as verification does', () => {
    const cache = createVerificationCache({ now: () => now });
    const options: VerifyOptions = { key, discharges: [paper], trusted };
    const first = cache.verify(asking.token, options);
    const second = cache.verify(again(asking.token), { ...options, discharges: [again(paper)] });
    const fresh = verify(asking.token, options);
    if (!first.ok || !second.ok || !fresh.ok) throw new Error('expected all to verify');
    expect([cache.hits, cache.misses, cache.size]).toEqual([1, 1, 1]);
    expect(second.value.caveats).toEqual(fresh.value.caveats);
    expect(second.value.branches).toEqual(fresh.value.branches);
    expect(second.value.earliestExpiry).toBe(start + 630);
    expect(second.value.discharges[0]?.trusted).toBe(true);
  });

  test('never remembers a failure', () => {
    const cache = createVerificationCache({ now: () => now });
    expect(cache.verify(asking.token, { key }).ok).toBe(false);
    expect(cache.verify(asking.token, { key: otherKey, discharges: [paper] }).ok).toBe(false);
    expect(cache.size).toBe(0);
    expect(cache.verify(asking.token, { key, discharges: [paper] }).ok).toBe(true);
  });

  test('keeps keys, trust and demands apart', () => {
    const cache = createVerificationCache({ now: () => now });
    const options: VerifyOptions = { key, discharges: [paper] };
    const facts = (change: Partial<VerifyOptions>) => {
      const verdict = cache.verify(asking.token, { ...options, ...change });
      return verdict.ok ? attestations(verdict.value).length : verdict.reason.tag;
    };
    expect(facts({ trusted })).toBe(1);
    expect(facts({})).toBe(0);
    expect(facts({ trusted: new Map([[login, [otherKey]]]) })).toBe(0);
    expect(facts({ trusted: new Map([[login, [otherKey, sharedKey]]]) })).toBe(1);
    expect(facts({ key: otherKey })).toBe('bad_signature');
    expect(facts({ requireBinding: true })).toBe('bad_discharge');
    expect(facts({ discharges: [] })).toBe('missing_discharge');
  });

  test('does not freeze time', () => {
    const cache = createVerificationCache({ seconds: 1e9, now: () => now });
    const made = token([org, window]);
    const decide = (seconds: number) => {
      const verdict = cache.verify(made, { key });
      return verdict.ok && clear(verdict.value, access({ now: new Date((start + seconds) * 1000) })).ok;
    };
    expect([decide(0), decide(630), decide(631)]).toEqual([true, true, false]);
    expect(cache.hits).toBe(2);
  });

  test('forgets after its time, and by token id with all that derives from it', () => {
    let clock = now;
    const cache = createVerificationCache({ seconds: 60, now: () => clock });
    const parent = token([org]);
    const other = guarded([org]).token;
    cache.verify(parent, { key });
    cache.verify(attenuate(parent, [window]), { key });
    cache.verify(other, { key, discharges: [] });
    cache.verify(asking.token, { key, discharges: [paper] });
    expect(cache.size).toBe(3);
    // Fixture tokens share their random bytes, so they are one family.
    cache.purge(tokenId(parent));
    expect([cache.size, cache.bytes]).toEqual([0, 0]);
    const before = cache.hits;
    cache.verify(parent, { key });
    clock = new Date(now.getTime() + 59_999);
    cache.verify(parent, { key });
    expect(cache.hits).toBe(before + 1);
    clock = new Date(now.getTime() + 60_000);
    cache.verify(parent, { key });
    expect(cache.hits).toBe(before + 1);
    cache.clear();
    expect([cache.size, cache.bytes]).toEqual([0, 0]);
  });

  test('stays within its bytes, and drops what was not used for longest', () => {
    const cache = createVerificationCache({ maxBytes: 4096, now: () => now });
    const made = Array.from({ length: 20 }, (_, mask) => token([org, { type: 'Action', mask }]));
    for (const each of made) {
      cache.verify(made[0]!, { key });
      cache.verify(each, { key });
      expect(cache.bytes).toBeLessThanOrEqual(4096);
    }
    expect(cache.size).toBeLessThan(10);
    const before = cache.hits;
    cache.verify(made[0]!, { key });
    cache.verify(made[1]!, { key });
    expect(cache.hits).toBe(before + 1);
  });
});
