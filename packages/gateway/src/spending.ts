import { HangarError } from '@hangar/security';
import type { Environment } from './environment.ts';
import type { Parts } from './parts.ts';
import type { Clearance, SpendLimit } from './ports.ts';
import { cutUsage, type UsageRecord } from './usage.ts';

/** What running times cost: the price list that customers are billed by. */
export interface Prices {
  /** ISO 4217. */
  readonly currency: string;
  /** What the records cost together, in whole minor units, rounded down. */
  costOf(records: readonly UsageRecord[]): number;
}

/**
 * Refuses a request that may cost something when the budget of a branch it comes from is used up. What already runs
 * goes on: a budget stops what is new, and is known only as well as running times are.
 *
 * @throws HangarError `caveat_denied`
 */
export async function checkSpending(
  { limits, tokenId }: Clearance,
  workspace: bigint,
  parts: Parts,
): Promise<void> {
  for (const limit of limits) {
    if (limit.kind !== 'spend') continue;
    const why = await exceeded(limit, workspace, parts);
    if (why === undefined) continue;
    throw new HangarError('caveat_denied', {
      public: `Token ${tokenId} does not allow what costs anything now. ${why}`,
      extra: { caveat: limit.caveat, rule: 'Spend.amount', limit: limit.amount },
    });
  }
}

/** From now on what runs in the environment counts for every branch with a budget that this request comes from. */
export async function countFor(
  { limits }: Clearance,
  environment: Environment,
  { store, now }: Parts,
): Promise<void> {
  const branches = limits.flatMap((limit) => (limit.kind === 'spend' ? [limit.branch] : []));
  if (branches.length > 0) await store.countFor({ environment: environment.id, branches, at: now() });
}

async function exceeded(
  limit: SpendLimit,
  workspace: bigint,
  { store, prices, now }: Parts,
): Promise<string | undefined> {
  const { branch, amount, currency, period } = limit;
  if (prices?.currency !== currency) {
    return prices === undefined
      ? 'It has a budget, and costs are not counted here.'
      : `It has a budget in ${currency}, and costs are counted in ${prices.currency}.`;
  }
  const to = now();
  const from = beginOf(period, to);
  const intervals = await store.intervalsUnder({ workspace, branch, from, to });
  const spent = prices.costOf(cutUsage(intervals, { from, to, now: to, granularity: 'day' }));
  if (spent < amount) return undefined;
  const span = period === 'total' ? 'in all' : `a ${period}`;
  return `Its budget of ${(amount / 100).toFixed(2)} ${currency} ${span} is used up.`;
}

/** Days and months are those of UTC, as on the bill. */
function beginOf(period: SpendLimit['period'], now: Date): Date {
  switch (period) {
    case 'day':
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()));
    case 'month':
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth()));
    case 'total':
      return new Date(0);
  }
}
