/**
 * What a header costs grows with its length, however many tokens, tickets and discharges are in it. Counted in looks at
 * tickets, of caveats and of discharges, because a clock would count the machine's other work too.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  keepUseful,
  missingDischarge,
  missingTickets,
  ofKind,
  ok,
  TokenBundle,
  verifiedElsewhere,
  verify,
  withDischarges,
  type BundleToken,
  type Macaroon,
} from '@hangar/macaroon';
import { discharge, guarded, key, login, permission, token, trusted } from './fixture.ts';

/** How often anybody looked at a ticket. */
let looks = 0;

function counted(number: number): Uint8Array {
  return Uint8Array.of(number >>> 8, number);
}

/** A token that asks for these tickets, as far as anybody here looks at it. */
function asking(tickets: readonly number[]): BundleToken {
  const caveats = tickets.map((number) => ({
    type: '3P' as const,
    location: login,
    verifierKey: null,
    get ticket() {
      looks += 1;
      return counted(number);
    },
  }));
  const macaroon = { ...token(), location: permission, caveats } as Macaroon;
  return { kind: 'permission', text: '', macaroon, state: { tag: 'unverified' } };
}

function answering(number: number): BundleToken {
  const nonce = {
    get keyId() {
      looks += 1;
      return counted(number);
    },
  };
  return {
    kind: 'discharge',
    text: '',
    macaroon: { nonce, location: login, caveats: [] } as unknown as Macaroon,
  };
}

function bundleOf(tokens: number, discharges: number): TokenBundle {
  return new TokenBundle(permission, [
    ...Array.from({ length: tokens }, (_, index) => asking([2 * index, 2 * index + 1])),
    // Every second ticket has its discharge, and as many are for nobody.
    ...Array.from({ length: discharges }, (_, index) => answering(4 * index)),
  ]);
}

const WORK: Readonly<Record<string, (bundle: TokenBundle) => unknown>> = {
  missingTickets: (bundle) => missingTickets(bundle),
  keepUseful: (bundle) => bundle.select(keepUseful),
  missingDischarge: (bundle) => bundle.select(missingDischarge(login)),
  withDischarges: (bundle) => bundle.select(withDischarges(ofKind('permission'))),
  verify: (bundle) =>
    bundle.verify(
      () => ({ key }),
      (macaroon, { discharges = [] }) => {
        // Whatever verification does with the discharges it is given costs as many looks as there are.
        looks += discharges.length;
        return ok(verifiedElsewhere(macaroon, { discharges: [], branches: [] }));
      },
    ),
};

describe.each(Object.entries(WORK))('%s', (_name, work) => {
  const cost = (tokens: number, discharges: number): number => {
    const bundle = bundleOf(tokens, discharges);
    looks = 0;
    work(bundle);
    return looks;
  };

  test.each([
    ['tokens', 2, 1],
    ['discharges', 1, 2],
    ['both', 2, 2],
  ])('costs at most twice as much for twice as many %s', (_what, tokens, discharges) => {
    const once = cost(100, 100);
    expect(once).toBeGreaterThan(0);
    expect(cost(100 * tokens, 100 * discharges) / once).toBeLessThanOrEqual(2);
  });
});

describe('on random bundles', () => {
  const number = fc.integer({ min: 0, max: 6 });
  const tokens = fc.array(
    fc.oneof(
      fc.array(number, { maxLength: 3 }).map((tickets) => asking(tickets)),
      number.map((ticket) => answering(ticket)),
    ),
    { maxLength: 8 },
  );
  const ticketsIn = (one: BundleToken): number[] =>
    one.kind === 'permission'
      ? one.macaroon.caveats.flatMap((caveat) => (caveat.type === '3P' ? [caveat.ticket[1]!] : []))
      : [];
  const answered = (one: BundleToken): number[] =>
    one.kind === 'discharge' ? [one.macaroon.nonce.keyId[1]!] : [];

  test('the answers are what somebody finds who looks through everything', () => {
    fc.assert(
      fc.property(tokens, (list) => {
        const bundle = new TokenBundle(permission, list);
        const wanted = list.flatMap(ticketsIn);
        const there = list.flatMap(answered);
        const indexes = (kept: TokenBundle): number[] => kept.tokens.map((one) => list.indexOf(one));
        const those = (keep: (one: BundleToken) => boolean): number[] =>
          list.flatMap((one, index) => (keep(one) ? [index] : []));

        expect(bundle.missingTickets().map(({ ticket }) => ticket[1])).toEqual(
          [...new Set(wanted)].filter((ticket) => !there.includes(ticket)),
        );
        expect(indexes(bundle.select(keepUseful))).toEqual(
          those((one) => answered(one).every((ticket) => wanted.includes(ticket))),
        );
        expect(indexes(bundle.select(missingDischarge(login)))).toEqual(
          those((one) => ticketsIn(one).some((ticket) => !there.includes(ticket))),
        );
        const three = (one: BundleToken): boolean => ticketsIn(one).includes(3);
        const asked = list.filter(three).flatMap(ticketsIn);
        expect(indexes(bundle.select(withDischarges(three)))).toEqual(
          those((one) => three(one) || answered(one).some((ticket) => asked.includes(ticket))),
        );
      }),
    );
  });
});

test('discharges for one ticket are compared with as many as are tried, and not with one another', () => {
  const asked = guarded();
  let compared = 0;
  const wrong = Array.from({ length: 200 }, (_, index) => {
    const made = discharge(asked.ticket, [{ type: 'ConfineUser', id: BigInt(index) }]);
    const foreignBytes = made.bytes.slice();
    foreignBytes[foreignBytes.length - 1]! ^= 1;
    return {
      ...made,
      nonceBytes: made.nonceBytes,
      pairs: made.pairs,
      tail: made.tail,
      get bytes() {
        compared += 1;
        return foreignBytes;
      },
    } as Macaroon;
  });
  expect(verify(asked.token, { key, trusted, discharges: wrong })).toMatchObject({
    reason: { tag: 'too_many_discharges', location: login, tried: 8 },
  });
  expect(compared).toBeLessThan(200);
});
