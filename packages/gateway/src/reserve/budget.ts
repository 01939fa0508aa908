import type { Clearance, SpendLimit } from '@hangar/contract';
import { HangarError } from '@hangar/http';
import type { Environment, Guest, Interval } from '../nouns.ts';
import type { HandlerDeps } from '../upstream/exchange.ts';
import { cutUsage, type Prices, type UsageRecord } from '../metering/usage.ts';

/** What a start counts for at once: a minute of the machine. What it really runs is counted as soon as it is seen. */
const COUNTED_MS = 60_000;

/**
 * A start that nobody has seen running yet counts for this long. Shorter, and machines that are slow to start are free;
 * longer, and short runs cost their minute twice for a while.
 */
const HOLD_MS = 120_000;

/** A machine that is about to run. */
export interface Start {
  readonly environment: string;
  readonly guest: Guest;
}

/**
 * Refuses a request that may cost something when a budget of a branch it comes from does not have it any more. A start
 * takes the first minute of its machine out of the budget before it happens, so that many at once cannot pass it. What
 * already runs goes on: a budget stops what is new.
 *
 * @param start undefined for what costs something without making a machine run now
 * @throws HangarError `caveat_denied`
 */
export async function holdSpending(
  clearance: Clearance,
  workspace: bigint,
  start: Start | undefined,
  deps: HandlerDeps,
): Promise<void> {
  const now = deps.now();
  const budgets = budgetsOf(clearance).map((limit) => ({ limit, from: beginOf(limit.period, now) }));
  if (budgets.length === 0) return;
  const refused = await deps.store.holdSpend({
    workspace,
    now,
    limits: budgets,
    hold: start && { ...start, until: new Date(now.getTime() + HOLD_MS) },
    judge: (limit, ran, starting) => exceeded(limit, { ran, starting, now }, deps.prices),
  });
  if (!refused) return;
  throw new HangarError('caveat_denied', {
    public: `Token ${clearance.tokenId} does not allow what costs anything now. ${refused.why}`,
    extra: { caveat: refused.limit.caveat, rule: 'Spend.amount', limit: refused.limit.amount },
  });
}

/** From now on what runs in the environment counts for every branch with a budget that this request comes from. */
export async function countFor(
  clearance: Clearance,
  environment: Environment,
  { store, now }: HandlerDeps,
): Promise<void> {
  const branches = budgetsOf(clearance).map(({ branch }) => branch);
  if (branches.length === 0) return;
  if (await store.countFor({ environment: environment.id, branches, at: now() })) return;
  throw new HangarError('policy_denied', {
    public: `policy: ${environment.name} has been run under too many budgets; use a token that was used for it before`,
    extra: { path: 'app', rule: 'budgets' },
  });
}

/** A holder can add budgets at will, and each costs rows and sums. More than this no chain of hands needs. */
const MOST_BUDGETS = 8;

function budgetsOf({ limits, tokenId }: Clearance): readonly SpendLimit[] {
  const budgets = limits.filter((limit) => limit.kind === 'spend');
  const one = budgets[MOST_BUDGETS];
  if (!one) return budgets;
  throw new HangarError('caveat_denied', {
    public: `Token ${tokenId} has ${budgets.length} budgets; one with up to ${MOST_BUDGETS} is accepted.`,
    extra: { caveat: one.caveat, rule: 'Spend', limit: MOST_BUDGETS },
  });
}

function exceeded(
  { amount, currency, period }: SpendLimit,
  { ran, starting, now }: { ran: readonly Interval[]; starting: readonly Guest[]; now: Date },
  prices: Prices | undefined,
): string | undefined {
  if (prices?.currency !== currency) {
    return prices === undefined
      ? 'It has a budget, and costs are not counted here.'
      : `It has a budget in ${currency}, and costs are counted in ${prices.currency}.`;
  }
  const used = cutUsage(ran, { from: beginOf(period, now), to: now, now, granularity: 'day' });
  if (prices.costOf([...used, ...firstMinutes(starting)]) < amount) return undefined;
  const span = period === 'total' ? 'in all' : `a ${period}`;
  return `Its budget of ${(amount / 100).toFixed(2)} ${currency} ${span} is used up.`;
}

/** Usage of one minute of each machine. When that minute is does not matter to its price. */
function firstMinutes(guests: readonly Guest[]): readonly UsageRecord[] {
  const from = new Date(0);
  const to = new Date(COUNTED_MS);
  const minutes = guests.map((guest) => {
    return { machine: '', environment: '', startedAt: from, stoppedAt: to, guest, exact: true };
  });
  return cutUsage(minutes, { from, to, now: to });
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
