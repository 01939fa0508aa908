import type { HangarFacts } from '@hangar/contract';
import { objection, type PrivateCaveat } from '@hangar/macaroon';
import type { CaveatMeters } from './facts.ts';
import { HANGAR_CAVEAT_NUMBERS } from './numbers.ts';

/** Bounds how often the token, and everything narrowed from it, is used. Hangar processes on one database count together. */
export interface Rate {
  readonly perMinute: number;
}

export const MAX_REQUESTS_PER_MINUTE = 1_000_000;

/** The caveat `Rate {per_minute}`, counting with these meters. */
export function rateCaveat(meters: CaveatMeters): PrivateCaveat<Rate, HangarFacts> {
  return {
    number: HANGAR_CAVEAT_NUMBERS.Rate,
    name: 'Rate',
    write: (writer, { perMinute }) => void writer.array(1).unsigned(perMinute),
    read: (reader) => {
      reader.struct(1);
      return { perMinute: reader.unsigned(MAX_REQUESTS_PER_MINUTE) };
    },
    clear: ({ perMinute }, _subject, branch) => {
      if (branch === undefined)
        return objection('bad_caveat', 'A rate counts only at the top of a permission token.');
      if (meters.take(`rate ${branch}`, perMinute)) return undefined;
      return objection('private', `The token allows ${perMinute} requests a minute, and they are used up.`);
    },
    explain: ({ perMinute }) => `At most ${perMinute} requests a minute.`,
    toJson: ({ perMinute }) => ({ per_minute: perMinute }),
  };
}
