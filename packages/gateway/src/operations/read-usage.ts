import type { Answer } from '../answer/respond.ts';
import { cutUsage } from '../metering/usage.ts';
import { queryValues } from '../request/target.ts';
import { invalid } from '../rules/json.ts';
import type { Exchange, HandlerDeps } from '../upstream/exchange.ts';
import { visibleEnvironments } from './environments.ts';

export const DEFAULT_SPAN_MS = 86_400_000;

export const LONGEST_SPAN_MS = 32 * 86_400_000;

/** `GET /hangar/v1/usage?from=&to=&granularity=`: of what the token may see; the last 24 hours by default. */
export async function readUsage(exchange: Exchange, deps: HandlerDeps): Promise<Answer> {
  const { query } = exchange.plan;
  const now = deps.now();
  const to = instant(query, 'to') ?? now;
  const from = instant(query, 'from') ?? new Date(to.getTime() - DEFAULT_SPAN_MS);
  if (from >= to) throw invalid('from', 'must be before to');
  if (to.getTime() - from.getTime() > LONGEST_SPAN_MS) throw invalid('from', 'at most 32 days before to');
  const granularity = queryValues(query, 'granularity')[0] ?? 'hour';
  if (granularity !== 'hour' && granularity !== 'day') throw invalid('granularity', 'hour or day');
  const visible = new Set((await visibleEnvironments(exchange, deps, from)).map(({ id }) => id));
  const intervals = await deps.store.intervalsIn({ workspace: exchange.caller.workspace.number, from, to });
  const records = cutUsage(
    intervals.filter(({ environment }) => visible.has(environment)),
    { from, to, now, granularity },
  );
  const rows = records.map(({ id, environment, meter, cpuKind, quantity, confidence, ...span }) => {
    return {
      id,
      environment,
      meter,
      cpu_kind: cpuKind,
      from: span.from.toISOString(),
      to: span.to.toISOString(),
      quantity,
      confidence,
    };
  });
  return { status: 200, json: { complete_through: (to < now ? to : now).toISOString(), rows } };
}

export function instant(query: Exchange['plan']['query'], name: string): Date | undefined {
  const given = queryValues(query, name)[0];
  if (given === undefined) return undefined;
  const time = Date.parse(given);
  if (Number.isNaN(time)) throw invalid(name, 'a time in ISO 8601 is needed');
  return new Date(time);
}
