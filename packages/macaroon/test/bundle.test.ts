import { describe, expect, test } from 'vitest';
import {
  Action,
  addThirdParty,
  allOf,
  allowing,
  anyOf,
  atLocation,
  attenuate,
  claimingOrganization,
  createVerificationCache,
  encodeToken,
  forOrganization,
  missingDischarge,
  not,
  ofKind,
  openBundle,
  tokenId,
  withCaveat,
  withDischarges,
  type BundleFilter,
  type Caveat,
  type Macaroon,
  type TokenBundle,
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
  permission,
  sharedKey,
  token,
  trusted,
  window,
} from './fixture.ts';

const asking = guarded([org]);
const paper = discharge(asking.ticket);
const stray = discharge(guarded().ticket);
const plain = token([org, window]);
const foreign: Caveat = { type: 'Organization', id: 1n, mask: Action.all };

function open(...tokens: (Macaroon | string)[]): TokenBundle {
  const text = tokens.map((each) => (typeof each === 'string' ? each : encodeToken(each))).join(',');
  const opened = openBundle(text, permission, { filter: () => true });
  if (!opened.ok) throw new Error(opened.reason.tag);
  return opened.value.bundle;
}

const texts = (bundle: TokenBundle) => bundle.tokens.map(({ text }) => text);
const resolve = () => ({ key, trusted });

describe('opening', () => {
  test('reports damaged tokens beside a bundle of the rest', () => {
    const text = `${encodeToken(plain)},fm2_AAAA,fo1_x,,${encodeToken(stray)},${encodeToken(plain).slice(0, 50)}`;
    const opened = openBundle(`FlyV1 ${text}`, permission);
    if (!opened.ok) throw new Error(opened.reason.tag);
    expect(opened.value.problems.map(({ position, reason }) => [position, reason.tag])).toEqual([
      [1, 'malformed'],
      [5, 'truncated'],
    ]);
    expect(texts(opened.value.bundle)).toEqual([encodeToken(plain), 'fo1_x', '']);
  });

  test('keeps texts as they came', () => {
    const old = encodeToken(plain).replace('fm2_', 'fm1r_');
    expect(open(old).header()).toBe(`FlyV1 ${old}`);
  });

  test('refuses a header that is too long', () => {
    expect(openBundle('x'.repeat(70_000), permission)).toMatchObject({ reason: { tag: 'too_large' } });
  });
});

describe('filters', () => {
  const bundle = open(plain, asking.token, paper, stray, 'fo1_x', token([foreign])).verify(resolve);
  const kept = (filter: BundleFilter) =>
    bundle.select(filter).tokens.map((each) => bundle.tokens.indexOf(each));
  test.each<[string, BundleFilter, number[]]>([
    ['of a kind', ofKind('discharge'), [2, 3]],
    ['at a location', atLocation(login), [2, 3]],
    ['with a caveat', withCaveat('ValidityWindow'), [0, 2, 3]],
    ['allowing a request', allowing(access()), [0, 1]],
    ['for an organization', forOrganization(1n, now), [5]],
    ['claiming an organization', claimingOrganization(4721n), [0, 1]],
    ['missing a discharge', missingDischarge(login), []],
    ['with their discharges', withDischarges(withCaveat('3P')), [1, 2]],
    ['all of', allOf(ofKind('permission'), withCaveat('3P')), [1]],
    ['any of', anyOf(ofKind('other'), withCaveat('3P')), [1, 4]],
    ['none of', not(ofKind('permission')), [2, 3, 4]],
  ])('%s', (_what, filter, expected) => {
    expect(kept(filter)).toEqual(expected);
  });

  test('find tokens that miss a discharge', () => {
    expect(open(plain, asking.token).select(missingDischarge(login)).permission).toHaveLength(1);
    expect(open(plain, asking.token).select(missingDischarge('https://elsewhere')).permission).toHaveLength(
      0,
    );
  });
});

describe('adding', () => {
  test('takes all tokens of a text or none', () => {
    const bundle = open(plain);
    const added = bundle.add(`${encodeToken(paper)},fo1_x`);
    expect(added.ok && texts(added.value)).toEqual([encodeToken(plain), encodeToken(paper), 'fo1_x']);
    expect(bundle.add(`${encodeToken(paper)},fm2_AAAA`)).toMatchObject({
      ok: false,
      reason: { tag: 'malformed', position: 1 },
    });
    expect(bundle.add(encodeToken(paper).slice(0, 30))).toMatchObject({
      ok: false,
      reason: { tag: 'truncated' },
    });
    expect(bundle.tokens).toHaveLength(1);
  });
});

describe('verifying', () => {
  test('judges each permission token by itself', () => {
    const bundle = open(plain, guarded().token, token([org], { key: otherKey }), asking.token, paper).verify(
      resolve,
    );
    const states = bundle.tokens.map((each) => (each.kind === 'permission' ? each.state : undefined));
    expect(states.map((state) => (state?.tag === 'failed' ? state.reason.tag : state?.tag))).toEqual([
      'verified',
      'missing_discharge',
      'bad_signature',
      'verified',
      undefined,
    ]);
    expect(bundle.verified.map(({ token: each }) => tokenId(each))).toEqual([
      tokenId(plain),
      tokenId(asking.token),
    ]);
  });

  test('can go through a cache', () => {
    const cache = createVerificationCache({ now: () => now });
    const check = cache.verify.bind(cache);
    for (let round = 0; round < 3; round++) open(asking.token, paper).verify(resolve, check);
    expect([cache.hits, cache.misses]).toEqual([2, 1]);
  });
});

describe('clearing', () => {
  test('answers the first token that allows everything', () => {
    const bundle = open(token([org, { type: 'Action', mask: Action.read }]), plain).verify(resolve);
    const verdict = bundle.clear(access({ action: Action.write }));
    expect(verdict.ok && verdict.value.token.pairs).toHaveLength(2);
    expect(verdict.ok && verdict.value.caveats[1]?.type).toBe('ValidityWindow');
  });

  test('says why each token does not', () => {
    const bundle = open(token([foreign]), token([org, { type: 'Action', mask: 0 }])).verify(resolve);
    const verdict = bundle.clear(access());
    if (verdict.ok || verdict.reason.tag !== 'refused') throw new Error('expected refusals');
    expect(verdict.reason.tokens.map(({ refusal }) => refusal.tag)).toEqual([
      'not_for_resource',
      'not_for_action',
    ]);
    expect(open(plain).clear(access())).toMatchObject({ reason: { tag: 'none_verified' } });
  });
});

describe('discharging', () => {
  const elsewhere = addThirdParty(asking.token, { location: 'https://elsewhere', sharedKey: otherKey });

  test('serves the tickets of one location only', () => {
    const bundle = open(elsewhere);
    expect(bundle.missingTickets().map(({ location }) => location)).toEqual([login, 'https://elsewhere']);
    const once = bundle.discharge(login, sharedKey, () => [window]);
    if (!once.ok) throw new Error(once.reason.tag);
    expect(once.value.missingTickets().map(({ location }) => location)).toEqual(['https://elsewhere']);
    const twice = once.value.discharge('https://elsewhere', otherKey, () => []);
    expect(twice.ok && twice.value.verify(resolve).clear(access()).ok).toBe(true);
  });

  test('shows the ticket and may be refused', () => {
    const asked = guarded([org], [{ type: 'ConfineUser', id: 7n }]);
    const seen: unknown[] = [];
    const refused = open(asked.token).discharge(login, sharedKey, (caveats) => void seen.push(...caveats));
    expect(refused).toMatchObject({ ok: false, reason: { tag: 'denied' } });
    expect(seen).toEqual([{ type: 'ConfineUser', id: 7n }]);
    expect(open(asked.token).discharge(login, otherKey, () => [])).toMatchObject({
      reason: { tag: 'ticket', reason: { tag: 'not_ours' } },
    });
  });
});

describe('narrowing', () => {
  const readOnly: Caveat = { type: 'Action', mask: Action.read };

  test('narrows every permission token and leaves the rest', () => {
    const bundle = open(plain, paper, asking.token, 'fo1_x');
    const narrowed = bundle.attenuate([readOnly]);
    expect(texts(narrowed)).toEqual([
      encodeToken(attenuate(plain, [readOnly])),
      encodeToken(paper),
      encodeToken(attenuate(asking.token, [readOnly])),
      'fo1_x',
    ]);
    expect(texts(bundle)[0]).toBe(encodeToken(plain));
  });

  test('keeps what was verified, with the new caveats to clear', () => {
    const bundle = open(asking.token, paper).verify(resolve).attenuate([readOnly]);
    expect(bundle.clear(access()).ok).toBe(true);
    expect(bundle.clear(access({ action: Action.write })).ok).toBe(false);
    const [kept] = bundle.verified;
    const [anew] = open(...texts(bundle)).verify(resolve).verified;
    expect(kept!.branches).toEqual(anew!.branches);
    expect(kept!.caveats).toHaveLength(anew!.caveats.length);
    expect(kept!.earliestExpiry).toBe(anew!.earliestExpiry);
    expect(bundle.attenuate([readOnly]).tokens).toEqual(bundle.tokens);
  });
});
