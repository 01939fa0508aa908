import { CASES } from '../cases/all.ts';
import type { Case, Level, Need } from '../lab/case.ts';

/** Which cases run. Words are ids (`SIG-07`), their beginnings (`SIG`) or groups (`signing`). */
export interface Selection {
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  /** `must` leaves out what is only recommended. Default `should`: everything. */
  readonly level?: Level | undefined;
}

/** The cases of a selection. @throws RangeError for a word that fits none */
export function selectCases({ only, skip, level }: Selection): readonly Case[] {
  for (const word of [...(only ?? []), ...(skip ?? [])])
    if (!CASES.some((one) => fits(one, word))) throw new RangeError(`no case and no group is called ${word}`);
  return CASES.filter(
    (one) =>
      (only === undefined || only.some((word) => fits(one, word))) &&
      !(skip ?? []).some((word) => fits(one, word)) &&
      (level !== 'must' || one.level === 'must'),
  );
}

function fits(one: Case, word: string): boolean {
  return one.id === word || one.group === word || one.id.split('-')[0] === word;
}

/** What a need asks of whoever runs the tester. */
export function whatIsNeeded(need: Need): string {
  switch (need) {
    case 'twin':
      return 'the tester has to play Fly.io: --twin PORT';
    case 'trigger':
      return 'something has to change at the provider: --trigger URL';
    case 'second-secret':
      return 'a second secret that the provider takes: --second-secret-env NAME';
    case 'webhook-secret':
      return 'the secret of the webhooks: --webhook-secret-env NAME';
    case 'https':
      return 'the base address is not https';
  }
}
