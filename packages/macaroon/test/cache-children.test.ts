import { Session } from 'node:inspector';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Action,
  addThirdParty,
  attenuate,
  attestations,
  clear,
  createVerificationCache,
  decodeMacaroon,
  mint,
  tokenId,
  verifiedElsewhere,
  verify,
  type Caveat,
  type Macaroon,
  type Verified,
  type VerifyOptions,
} from '@hangar/macaroon';
import { appendPairs } from '../src/format/macaroon.ts';
import { addableCaveat, nightly } from './arbitrary.ts';
import {
  access,
  discharge,
  filled,
  fromHex,
  guarded,
  hex,
  key,
  keyId,
  login,
  now,
  org,
  otherKey,
  permission,
  sharedKey,
  ticketOf,
  token,
  trusted,
  window,
} from './fixture.ts';

const RUNS = nightly ? 50_000 : 500;
const TIMEOUT = nightly ? 3_600_000 : 60_000;
/** As long as the login service's, so that it can stand in its place. */
const elsewhere = 'https://nope.fly.io';
const DOMAIN = new TextEncoder().encode('key 1, table 1');
const user: Caveat = { type: 'FlyioUserID', id: 7n };
const reading: Caveat = { type: 'Action', mask: Action.read };

const newCache = (change: { maxBytes?: number; seconds?: number; now?: () => Date } = {}) =>
  createVerificationCache({ now: () => now, ...change });

/** Everything that can be told from a verdict. */
const facts = (verified: Verified) => ({
  token: hex(verified.token.bytes),
  caveats: verified.caveats,
  branches: verified.branches,
  expiry: verified.earliestExpiry,
  discharges: verified.discharges.map(({ macaroon, trusted: believed }) => [hex(macaroon.bytes), believed]),
});

function genuine(macaroon: Macaroon, options: Partial<VerifyOptions> = {}): Verified {
  const verdict = verify(macaroon, { key, ...options });
  if (!verdict.ok) throw new Error(verdict.reason.tag);
  return verdict.value;
}

/** A token with these caveats and any tail, signed by nobody. */
function forged(caveats: readonly Caveat[], tail: Uint8Array): Macaroon {
  const { bytes } = mint({ key: otherKey, keyId, location: permission, caveats, random: filled(0xa5) });
  const copy = bytes.slice();
  copy.set(tail, copy.length - 32);
  const decoded = decodeMacaroon(copy);
  if (!decoded.ok) throw new Error(decoded.reason.tag);
  return decoded.value;
}

describe('a cache that knows the parent', () => {
  const asking = guarded([org]);
  const paper = discharge(asking.ticket, [window, user]);

  test('knows the child without the signing key, and what verification would say of it', () => {
    const cache = newCache();
    cache.remember(genuine(asking.token, { discharges: [paper], trusted }), { domain: DOMAIN });
    const child = attenuate(attenuate(asking.token, [window]), [reading]);
    const known = cache.recall(child, { domain: DOMAIN, discharges: [paper] });
    expect(facts(known!)).toEqual(facts(genuine(child, { discharges: [paper], trusted })));
    expect(attestations(known!)).toEqual([user]);
    expect(clear(known!, access()).ok).toBe(true);
    expect(clear(known!, access({ action: Action.write })).ok).toBe(false);
    expect([cache.hits, cache.misses, cache.size]).toEqual([1, 0, 2]);
    // The child is an entry of its own now, and the parent of others.
    const grandchild = attenuate(child, [{ type: 'IsUser', id: 7n }]);
    expect(cache.recall(grandchild, { domain: DOMAIN, discharges: [paper] })?.branches).toHaveLength(6);
    expect(cache.recall(child, { domain: DOMAIN, discharges: [paper] })).toBeDefined();
  });

  test('does not know the parent from the child', () => {
    const cache = newCache();
    cache.verify(attenuate(token(), [window]), { key });
    expect(cache.recall(token(), { domain: key, discharges: [] })).toBeUndefined();
    cache.verify(token(), { key });
    expect([cache.hits, cache.misses]).toEqual([0, 3]);
  });

  test('believes no child whose tail does not follow from the parent', () => {
    const cache = newCache();
    const parent = token([org]);
    cache.remember(genuine(parent), { domain: DOMAIN });
    const child = attenuate(parent, [reading]);
    for (let bit = 0; bit < 256; bit++) {
      const tail = child.tail.slice();
      tail[bit >> 3]! ^= 1 << (bit & 7);
      expect(cache.recall(forged([org, reading], tail), { domain: DOMAIN, discharges: [] })).toBeUndefined();
    }
    for (const tail of [parent.tail, token([org, window]).tail]) {
      expect(cache.recall(forged([org, reading], tail), { domain: DOMAIN, discharges: [] })).toBeUndefined();
    }
    expect(cache.size).toBe(1);
    expect(cache.recall(child, { domain: DOMAIN, discharges: [] })).toBeDefined();
  });

  test('leaves to verification what more than the chain decides', () => {
    const cache = newCache();
    const parent = token([org]);
    cache.remember(genuine(parent), { domain: DOMAIN });
    const asks = addThirdParty(parent, { location: login, sharedKey });
    expect(cache.recall(asks, { domain: DOMAIN, discharges: [] })).toBeUndefined();
    expect(cache.recall(asks, { domain: DOMAIN, discharges: [discharge(ticketOf(asks))] })).toBeUndefined();
  });

  test.each<[string, string]>([
    ['a binding', `0cc410${'11'.repeat(16)}`],
    ['a statement about who signed in', '1707'],
  ])('refuses %s added under a good tail, as verification does', (_what, pairHex) => {
    const cache = newCache();
    const parent = token([org]);
    const odd = appendPairs(parent, [fromHex(pairHex)]);
    cache.verify(parent, { key });
    expect(cache.verify(odd, { key })).toEqual(verify(odd, { key }));
    expect(cache.verify(odd, { key }).ok).toBe(false);
    // Nor does anything narrowed further get past it.
    expect(cache.verify(attenuate(odd, [reading]), { key }).ok).toBe(false);
    expect([cache.size, cache.hits]).toEqual([1, 0]);
  });

  test('knows nothing of a proof but the proof itself', () => {
    const cache = newCache();
    const proof = mint({
      key,
      keyId,
      location: permission,
      caveats: [org],
      proof: true,
      random: filled(0xa5),
    });
    cache.verify(proof, { key });
    const longer = mint({
      key,
      keyId,
      location: permission,
      caveats: [org, reading],
      proof: true,
      random: filled(0xa5),
    });
    expect(cache.verify(longer, { key }).ok).toBe(true);
    expect([cache.hits, cache.size]).toEqual([0, 2]);
  });

  test('asks for the very discharges and the very domain', () => {
    const cache = newCache();
    cache.remember(genuine(asking.token, { discharges: [paper], trusted }), { domain: DOMAIN });
    const child = attenuate(asking.token, [reading]);
    const other = discharge(asking.ticket, [window]);
    const moved = decodeMacaroon(fromHex(hex(paper.bytes).replace(hex(utf8(login)), hex(utf8(elsewhere)))));
    if (!moved.ok) throw new Error(moved.reason.tag);
    for (const each of [asking.token, child]) {
      const known = (domain: Uint8Array, ...discharges: Macaroon[]) =>
        cache.recall(each, { domain, discharges }) !== undefined;
      expect(known(DOMAIN)).toBe(false);
      expect(known(DOMAIN, other)).toBe(false);
      expect(known(DOMAIN, paper, other)).toBe(false);
      expect(known(DOMAIN, moved.value)).toBe(false);
      expect(known(utf8('key 1, table 2'), paper)).toBe(false);
      expect(known(DOMAIN, paper)).toBe(true);
      expect(known(DOMAIN, discharge(guarded([window]).ticket), paper)).toBe(true);
    }
  });

  test('forgets the child with its parent, in time and by id', () => {
    let clock = now;
    const cache = newCache({ seconds: 60, now: () => clock });
    const parent = token([org]);
    const child = attenuate(parent, [reading]);
    const known = (macaroon: Macaroon) =>
      cache.recall(macaroon, { domain: DOMAIN, discharges: [] }) !== undefined;
    cache.remember(genuine(parent), { domain: DOMAIN });
    clock = new Date(now.getTime() + 59_999);
    expect([known(child), known(attenuate(child, [window]))]).toEqual([true, true]);
    clock = new Date(now.getTime() + 60_000);
    expect([known(child), known(attenuate(child, [window])), known(parent)]).toEqual([false, false, false]);
    cache.clear();
    cache.remember(genuine(parent), { domain: DOMAIN });
    expect(known(child)).toBe(true);
    cache.purge(tokenId(child));
    expect([known(child), known(parent), cache.size, cache.bytes]).toEqual([false, false, 0, 0]);
  });

  test('finds the parent however many children come and go, and keeps what was verified before them', () => {
    const cache = newCache({ maxBytes: 16_384 });
    const other = guarded([window]).token;
    const paperToo = discharge(ticketOf(other));
    cache.verify(other, { key, discharges: [paperToo] });
    const parent = token([org]);
    cache.verify(parent, { key });
    for (let id = 0; id < 1000; id++) {
      cache.verify(attenuate(parent, [{ type: 'IsUser', id: BigInt(id) }]), { key });
      expect(cache.bytes).toBeLessThanOrEqual(16_384);
    }
    cache.verify(parent, { key });
    cache.verify(other, { key, discharges: [paperToo] });
    expect([cache.hits, cache.misses]).toEqual([1002, 2]);
  });

  test('does not give out again what a bundle narrowed behind its back', () => {
    const cache = newCache();
    const { discharges, ...rest } = genuine(asking.token, { discharges: [paper] });
    expect(discharges).toHaveLength(1);
    cache.remember({ ...rest, token: asking.token, caveats: [], branches: [], discharges: [] } as Verified, {
      domain: DOMAIN,
    });
    expect(cache.size).toBe(0);
  });
});

describe('a process without keys', () => {
  test('has the verdict of the authority after it was told', () => {
    const { token: made, ticket } = guarded([org]);
    const paper = discharge(ticket, [window, user]);
    const there = genuine(made, { discharges: [paper], trusted });
    const here = verifiedElsewhere(made, { discharges: there.discharges, branches: there.branches });
    expect(facts(here)).toEqual(facts(there));
    const doubted = verifiedElsewhere(made, {
      discharges: [{ macaroon: paper, trusted: false }],
      branches: there.branches,
    });
    expect(attestations(doubted)).toEqual([]);
    const cache = newCache();
    cache.remember(here, { domain: DOMAIN });
    expect(facts(cache.recall(made, { domain: DOMAIN, discharges: [paper] })!)).toEqual(facts(there));
  });

  test('holds no signing key and no tail of an ancestor in its cache', () => {
    const cache = newCache();
    const made = token([org, window]);
    cache.verify(made, { key });
    cache.verify(attenuate(made, [reading]), { key });
    const held = reachable(cache);
    const holds = (secret: Uint8Array) => held.some((each) => each.includes(hex(secret)));
    expect(holds(made.tail)).toBe(true);
    for (const secret of [key, token([]).tail, token([org]).tail]) expect(holds(secret)).toBe(false);
  });
});

describe('recalling and verifying from scratch', () => {
  test('give the same verdict on anything narrowed or damaged', { timeout: TIMEOUT }, () => {
    let recalled = 0;
    let refused = 0;
    const chain = fc.array(addableCaveat, { maxLength: 4 });
    const damage = fc.oneof(
      fc.constant(undefined),
      fc.record({ place: fc.nat(), bit: fc.nat(7), fromEnd: fc.boolean() }),
    );
    fc.assert(
      fc.property(chain, chain, chain, fc.boolean(), damage, (first, second, third, asks, hurt) => {
        const cache = newCache();
        const plain = token([org, ...first]);
        const parent = asks ? addThirdParty(plain, { location: login, sharedKey }) : plain;
        const discharges = asks ? [discharge(ticketOf(parent), [window, user])] : [];
        const options = { key, discharges, trusted };
        const child = attenuate(parent, second);
        const grandchild = attenuate(child, third);
        const shown = [parent, child, grandchild, attenuate(parent, third), child];
        for (const each of shown) {
          const presented = hurt === undefined ? each : damaged(each, hurt);
          if (presented === undefined) continue;
          const size = cache.size;
          const fresh = verify(presented, options);
          const verdict = cache.verify(presented, options);
          expect(verdict.ok).toBe(fresh.ok);
          if (verdict.ok && fresh.ok) expect(facts(verdict.value)).toEqual(facts(fresh.value));
          else {
            refused += 1;
            expect(verdict).toEqual(fresh);
            expect(cache.size).toBe(size);
          }
          // The undamaged one follows, so that the next damage is done to children of a known parent.
          const whole = cache.verify(each, options);
          if (!whole.ok) throw new Error(whole.reason.tag);
          expect(facts(whole.value)).toEqual(facts(genuine(each, options)));
        }
        recalled += cache.hits;
      }),
      { numRuns: RUNS },
    );
    expect(recalled).toBeGreaterThan(RUNS);
    expect(refused).toBeGreaterThan(RUNS / 2);
  });
});

/** The token with one bit changed, if it can still be read. */
function damaged(
  { bytes }: Macaroon,
  { place, bit, fromEnd }: { place: number; bit: number; fromEnd: boolean },
): Macaroon | undefined {
  const copy = bytes.slice();
  // The last bytes are the tail; most damage elsewhere does not decode.
  const at = fromEnd ? bytes.length - 1 - (place % 32) : place % bytes.length;
  copy[at]! ^= 1 << bit;
  const decoded = decodeMacaroon(copy);
  return decoded.ok ? decoded.value : undefined;
}

/** Every byte string that can be reached from a value, private fields, closures and map entries included, in hex. */
function reachable(value: object): string[] {
  const session = new Session();
  session.connect();
  const found: string[] = [];
  const walk = (object: Remote | undefined, depth: number): void => {
    if (object?.type === 'string') found.push(hex(Buffer.from(String(object.value), 'latin1')));
    const { objectId } = object ?? {};
    if (objectId === undefined || depth > 12 || /^(?:Global|Module|Script)/.test(object?.description ?? ''))
      return;
    if (object?.subtype === 'typedarray') {
      const functionDeclaration = 'function () { return Buffer.from(this.buffer).toString("hex"); }';
      session.post('Runtime.callFunctionOn', { objectId, functionDeclaration }, (_error, { result }) =>
        found.push(String(result.value)),
      );
      return;
    }
    session.post('Runtime.getProperties', { objectId, ownProperties: true }, (error, properties) => {
      if (error !== null) return;
      const { result = [], internalProperties = [], privateProperties = [] } = properties as Properties;
      for (const { name, value: inner } of [...result, ...internalProperties, ...privateProperties]) {
        if (!['[[Prototype]]', '[[FunctionLocation]]', 'constructor', 'prototype'].includes(name))
          walk(inner, depth + 1);
      }
    });
  };
  const shelf = globalThis as { examined?: object };
  shelf.examined = value;
  session.post('Runtime.evaluate', { expression: 'globalThis.examined' }, (_error, { result }) =>
    walk(result, 0),
  );
  delete shelf.examined;
  session.disconnect();
  return found;
}

/** What the inspector tells of a value. */
interface Remote {
  readonly type: string;
  readonly subtype?: string | undefined;
  readonly description?: string | undefined;
  readonly value?: unknown;
  readonly objectId?: string | undefined;
}

type Properties = Partial<
  Record<
    'result' | 'internalProperties' | 'privateProperties',
    readonly { readonly name: string; readonly value?: Remote | undefined }[]
  >
>;

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
