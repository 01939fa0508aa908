import { describe, expect, test } from 'vitest';
import {
  PRIVATE_RANGE,
  attenuate,
  clear,
  clearTicket,
  explainCaveat,
  explainToken,
  objection,
  privateCaveat,
  privateCaveats,
  type Access,
  type Caveat,
  type PrivateCaveat,
} from '@hangar/macaroon';
import { access, now, org, outcome, token, verified } from './fixture.ts';

interface Facts {
  readonly floor?: number | undefined;
}

/** Allows requests whose `floor` is at most the given one; not concerned by requests that name no floor. */
const floors: PrivateCaveat<number, Facts> = {
  number: PRIVATE_RANGE.first + 1n,
  name: 'Floors',
  write: (writer, value) => void writer.unsigned(value),
  read: (reader) => reader.unsigned(1000),
  clear: (value, subject) => {
    if (subject.kind !== 'access') return objection('invalid_access', 'Only for requests.');
    const floor = subject.access.extension?.floor;
    if (floor === undefined) return objection('resource_unspecified', 'The request names no floor.');
    return floor <= value ? undefined : objection('private', `The token ends at floor ${value}.`);
  },
  explain: (value) => `Only up to floor ${value}.`,
};
const registry = privateCaveats(floors);
const upTo = (floor: number) => privateCaveat(floors, floor);
const at = (floor?: number): Access<Facts> => ({ ...access({}), extension: { floor } });

function decide(caveats: readonly Caveat[], floor?: number, known = true): string {
  const verdict = clear(verified(token([org, ...caveats])), at(floor), known ? registry : undefined);
  return verdict.ok ? 'allowed' : verdict.reason.tag;
}

describe('a private caveat', () => {
  test('verifies everywhere and clears only where it is known', () => {
    expect(outcome(token([org, upTo(3)]))).toBe('verified');
    expect(decide([upTo(3)], 3)).toBe('allowed');
    expect(decide([upTo(3)], 4)).toBe('private');
    expect(decide([upTo(3)], 3, false)).toBe('bad_caveat');
  });

  test('has the three outcomes inside IfPresent', () => {
    const inside: Caveat = { type: 'IfPresent', ifs: [upTo(3)], else: 0 };
    expect([decide([inside], 3), decide([inside], 4), decide([inside]), decide([inside], 3, false)]).toEqual([
      'allowed',
      'private',
      'not_for_action',
      'bad_caveat',
    ]);
  });

  test('with a body that is not its own never clears', () => {
    for (const body of [[0xcd, 0, 3], [0xa1, 0x61], [0xce, 0, 1, 0, 0], [0xc0]]) {
      expect(decide([{ type: 'Unknown', number: floors.number, body: Uint8Array.from(body) }], 1)).toBe(
        'bad_caveat',
      );
    }
  });

  test('may guard a ticket', () => {
    expect(clearTicket([upTo(1)], { now, expiry: now }, registry)).toMatchObject({
      reason: { tag: 'invalid_access' },
    });
  });

  test('is explained where it is known', () => {
    expect(explainCaveat(upTo(3), registry)).toBe('Only up to floor 3.');
    expect(explainCaveat(upTo(3))).toContain('not known here');
    expect(explainToken(token([org, upTo(3)]), registry).at(-1)).toBe('Only up to floor 3.');
  });

  test('learns the branch it stands on, and narrowing does not move it', () => {
    const seen: (string | undefined)[] = [];
    const spying = privateCaveats({ ...floors, clear: (_value, _subject, branch) => void seen.push(branch) });
    const parent = attenuate(token([org]), [upTo(3)]);
    const child = attenuate(parent, [upTo(2)]);
    clear(verified(parent), at(1), spying);
    clear(verified(child), at(1), spying);
    const { branches } = verified(child);
    expect(seen).toEqual([branches[2], branches[2], branches[3]]);
    expect(verified(parent).branches).toEqual(branches.slice(0, 3));
    expect(branches.every((branch) => /^[0-9a-f]{64}$/.test(branch))).toBe(true);
  });

  test('is given a free number only', () => {
    for (const number of [0n, 31n, PRIVATE_RANGE.first - 1n, PRIVATE_RANGE.last + 1n]) {
      expect(() => privateCaveats({ ...floors, number })).toThrow(
        expect.objectContaining({ code: 'bad_value' }),
      );
    }
    expect(() => privateCaveats(floors, floors)).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });
});
