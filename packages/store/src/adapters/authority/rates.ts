import { lt } from 'drizzle-orm';
import type { RateSlice, RateSlices } from '@hangar/authority';
import type { Database } from '../../database.ts';
import { statement } from '../../prepared.ts';
import { authorityRates } from '../../schema/authority.ts';

/** This many are handed out undivided, or what comes in a tenth of a second: else the end of a bucket costs a statement each. */
const LAST_FEW = 4;
const AT_ONCE_MS = 100;

/** Filled up by time, and paid from. $2 is the burst, $3 what comes in a millisecond, $4 what was used, $6 the time. */
const PAID = `(least($2::float8, least($2::float8, held.remaining
  + $3::float8 * greatest(0, extract(epoch from ($6::timestamptz - held.at)) * 1000)::float8) - $4::float8))`;
const FIRST = '(least($2::float8, $2::float8 - $4::float8))';

/** Half of what there is, upwards; the last few whole. */
const sliceOf = (there: string): string =>
  `(case when $5::boolean and ${there} >= 1 then greatest(ceil(floor(${there}) / 2),
    least(floor(${there}), greatest(${LAST_FEW}, ceil($3::float8 * ${AT_ONCE_MS})))) else 0 end)::int`;

type Values = [counter: string, burst: number, perMs: number, used: number, wants: boolean, now: Date];

/** One statement, so that no two processes are given the same: the row is the lock. */
const takeSlice = statement<Values, RateSlice>(
  'rate_slice_take',
  `insert into authority_rates as held (counter, remaining, granted, at)
   values ($1::text, ${FIRST} - ${sliceOf(FIRST)}, ${sliceOf(FIRST)}, $6::timestamptz)
   on conflict (counter) do update
   set remaining = ${PAID} - ${sliceOf(PAID)}, granted = ${sliceOf(PAID)}, at = greatest(held.at, excluded.at)
   returning granted, remaining`,
  ({ granted, remaining }) => ({ granted: Number(granted), remaining: Number(remaining) }),
);

/** Buckets of rate limits. */
export function authorityRateRows(db: Database): RateSlices {
  return {
    async takeSlice({ counter, rate, used, wants, now }) {
      const [slice] = await takeSlice(db, counter, rate.burst, rate.perMinute / 60_000, used, wants, now);
      if (!slice) throw new Error('a bucket could be neither made nor paid from');
      return slice;
    },
    async pruneRates(before) {
      const gone = await db
        .delete(authorityRates)
        .where(lt(authorityRates.at, before))
        .returning({ counter: authorityRates.counter });
      return gone.length;
    },
  };
}
