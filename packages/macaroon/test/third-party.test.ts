import { describe, expect, test } from 'vitest';
import {
  LIMITS,
  addThirdParty,
  attenuate,
  createDischarge,
  encodeCaveats,
  missingTickets,
  mint,
  openTicket,
  sealTicket,
  thirdPartyCaveats,
  type Caveat,
} from '@hangar/macaroon';
import {
  discharge,
  filled,
  foreign,
  guarded,
  key,
  keyId,
  login,
  org,
  otherKey,
  outcome,
  permission,
  sharedKey,
  ticketOf,
  token,
  trusted,
  verified,
  window,
} from './fixture.ts';

const { token: asking, ticket } = guarded();

describe('a third-party caveat', () => {
  test('asks each location once', () => {
    expect(() => addThirdParty(asking, { location: login, sharedKey })).toThrow(
      expect.objectContaining({ code: 'duplicate_third_party' }),
    );
  });

  test('counts when it hides in IfPresent', () => {
    const hidden = foreign([org, { type: 'IfPresent', ifs: [asking.caveats[1]!], else: 0 }]);
    expect(thirdPartyCaveats(hidden.caveats)).toHaveLength(1);
    expect(() => addThirdParty(hidden, { location: login, sharedKey })).toThrow(
      expect.objectContaining({ code: 'duplicate_third_party' }),
    );
  });

  test('cannot be added without end', () => {
    let made = token([org]);
    for (let index = 0; index < LIMITS.thirdParties; index++) {
      made = addThirdParty(made, { location: `https://${index}.example`, sharedKey });
    }
    expect(() => addThirdParty(made, { location: login, sharedKey })).toThrow(
      expect.objectContaining({ code: 'limit' }),
    );
    const discharges = missingTickets({ permission: [made], discharges: [] }).map(
      ({ ticket: each, location }) => createDischarge({ ticket: each, sharedKey, location, caveats: [] }),
    );
    expect(outcome(made, { discharges })).toBe('verified');
    expect(outcome(made, { discharges: discharges.slice(1) })).toBe('missing_discharge');
  });

  test('cannot be added to a proof, nor with a key of the wrong size', () => {
    const proof = mint({ key, keyId, location: permission, caveats: [], proof: true });
    expect(() => addThirdParty(proof, { location: login, sharedKey })).toThrow(
      expect.objectContaining({ code: 'finalized' }),
    );
    const short = sharedKey.subarray(1);
    expect(() => addThirdParty(token(), { location: login, sharedKey: short })).toThrow(
      expect.objectContaining({ code: 'bad_length' }),
    );
    expect(() => openTicket(short, ticket)).toThrow(expect.objectContaining({ code: 'bad_length' }));
  });

  test('narrows a token whose discharge stays good', () => {
    const narrowed = attenuate(asking, [window]);
    expect(ticketOf(narrowed)).toEqual(ticket);
    expect(outcome(narrowed, { discharges: [discharge(ticket)] })).toBe('verified');
  });
});

describe('a ticket', () => {
  test('opens with its key only, and shows its caveats', () => {
    const caveats: Caveat[] = [{ type: 'ConfineUser', id: 7n }];
    const sealed = sealTicket(sharedKey, { dischargeKey: otherKey, caveats });
    const opened = openTicket(sharedKey, sealed);
    expect(opened.ok && opened.value.caveats).toEqual(caveats);
    expect(openTicket(otherKey, sealed)).toEqual({ ok: false, reason: { tag: 'not_ours' } });
    expect(openTicket(sharedKey, sealed.subarray(0, 20))).toEqual({ ok: false, reason: { tag: 'not_ours' } });
    expect(openTicket(sharedKey, new Uint8Array())).toEqual({ ok: false, reason: { tag: 'not_ours' } });
  });

  test('without caveats is 64 bytes long', () => {
    expect(ticket).toHaveLength(64);
  });

  test('that is not ours cannot be discharged', () => {
    expect(() => createDischarge({ ticket, sharedKey: otherKey, location: login, caveats: [] })).toThrow(
      expect.objectContaining({ code: 'bad_value' }),
    );
  });

  test('is missing once, however many tokens ask for it', () => {
    const narrowed = attenuate(asking, [window]);
    expect(missingTickets({ permission: [asking, narrowed], discharges: [] })).toEqual([
      { location: login, ticket },
    ]);
    expect(missingTickets({ permission: [asking], discharges: [discharge(ticket)] })).toEqual([]);
  });
});

describe('trust', () => {
  const stating = discharge(ticket, [{ type: 'FlyioUserID', id: 7n }]);
  const names = (list: Map<string, Uint8Array[]> | undefined) =>
    verified(asking, { discharges: [stating], trusted: list }).caveats.map(({ type }) => type);

  test('is needed for attestations and for nothing else', () => {
    expect(names(trusted)).toEqual(['Organization', 'FlyioUserID']);
    expect(names(undefined)).toEqual(['Organization']);
    expect(names(new Map([['https://elsewhere', [sharedKey]]]))).toEqual(['Organization']);
  });

  test('survives the rotation of shared keys', () => {
    expect(names(new Map([[login, [otherKey, sharedKey]]]))).toEqual(['Organization', 'FlyioUserID']);
  });

  test('one discharge serves two tokens that ask with the same ticket', () => {
    const narrowed = attenuate(asking, [window]);
    expect([asking, narrowed].map((each) => outcome(each, { discharges: [stating] }))).toEqual([
      'verified',
      'verified',
    ]);
  });
});

test('a token is minted only from keys of full length', () => {
  const options = { keyId, location: permission, caveats: [], random: filled(1) };
  expect(() => mint({ ...options, key: key.subarray(1) })).toThrow(
    expect.objectContaining({ code: 'weak_key' }),
  );
  expect(() => mint({ ...options, key, keyId: new Uint8Array() })).toThrow(
    expect.objectContaining({ code: 'bad_length' }),
  );
  expect(() => mint({ ...options, key, random: () => new Uint8Array(3) })).toThrow(
    expect.objectContaining({ code: 'bad_length' }),
  );
  expect(() => outcome(token(), { key: key.subarray(1) })).toThrow(
    expect.objectContaining({ code: 'weak_key' }),
  );
});

test('a token over the limits is not minted', () => {
  const many = Array.from({ length: LIMITS.caveats + 1 }, (_, mask): Caveat => ({ type: 'Action', mask }));
  expect(() => token(many)).toThrow(expect.objectContaining({ code: 'limit' }));
  expect(token(many.slice(1)).caveats).toHaveLength(LIMITS.caveats);
  const values: Caveat[] = [
    { type: 'Action', mask: 65_536 },
    { type: 'Action', mask: -1 },
    { type: 'Action', mask: 1.5 },
    { type: 'AllowedRoles', roles: 2 ** 32 },
    { type: 'ConfineUser', id: -1n },
    { type: 'ConfineUser', id: 2n ** 64n },
    { type: 'GoogleUserID', id: -1n },
    { type: 'ValidityWindow', notBefore: 0, notAfter: 2n ** 63n },
    { type: 'ConfineGoogleHD', domain: '\uD800' },
    { type: 'Machines', machines: new Map([['\uDC00', 1]]) },
    { type: 'Unknown', number: 0n, body: Uint8Array.of(0xc0) },
    { type: 'Unknown', number: 99n, body: new Uint8Array() },
    { type: 'Unknown', number: 99n, body: Uint8Array.of(0xc0, 0xc0) },
  ];
  for (const caveat of values) {
    expect(() => token([caveat])).toThrow(expect.objectContaining({ name: 'MacaroonError' }));
  }
  expect(() => encodeCaveats([{ type: 'MaxValidity', seconds: Number.NaN }])).toThrow(
    expect.objectContaining({ code: 'bad_value' }),
  );
});
