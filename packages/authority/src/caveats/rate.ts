import { objection, type PrivateCaveat } from '@hangar/macaroon';
import { z } from 'zod';
import type { CaveatMeters } from './facts.ts';
import { bodyFrom } from './json-body.ts';
import { HANGAR_CAVEAT_NUMBERS } from './numbers.ts';

/** Bounds how often the token, and everything narrowed from it, is used. Each Hangar process counts by itself. */
export interface Rate {
  readonly perMinute: number;
}

const MAX_PER_MINUTE = 1_000_000;

const json = z
  .strictObject({ per_minute: z.int().min(1).max(MAX_PER_MINUTE) })
  .transform(({ per_minute }) => ({ perMinute: per_minute }));

/** The caveat `Rate {per_minute}`, counting with these meters. */
export function rateCaveat(meters: CaveatMeters): PrivateCaveat<Rate> {
  return {
    number: HANGAR_CAVEAT_NUMBERS.Rate,
    name: 'Rate',
    write: (writer, { perMinute }) => void writer.array(1).unsigned(perMinute),
    read: (reader) => {
      reader.struct(1);
      return { perMinute: reader.unsigned(MAX_PER_MINUTE) };
    },
    clear: ({ perMinute }, _subject, branch) => {
      if (branch === undefined)
        return objection('bad_caveat', 'A rate counts only at the top of a permission token.');
      if (meters.take(`rate ${branch}`, perMinute)) return undefined;
      return objection('private', `The token allows ${perMinute} requests a minute, and they are used up.`);
    },
    explain: ({ perMinute }) => `At most ${perMinute} requests a minute.`,
    toJson: ({ perMinute }) => ({ per_minute: perMinute }),
    fromJson: (body) => bodyFrom(json, body),
  };
}
