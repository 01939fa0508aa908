import { createHash, randomUUID } from 'node:crypto';
import type { Has } from './faults.ts';
import type { Reply, Shop } from './resources.ts';
import type { Members } from './signed.ts';

const DAY_MS = 86_400_000;
const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;
const MAX_SPAN_MS = 92 * DAY_MS;
/** A second costs a millionth of a dollar. */
const PRICE = '0.0000010000';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Millionths as decimal text with ten places. */
function money(millionths: number): string {
  return `${Math.floor(millionths / 1_000_000)}.${String(millionths % 1_000_000).padStart(6, '0')}0000`;
}

/** Answers what resources cost. */
export function charges(members: Members, shop: Shop, has: Has): Reply {
  const { from, to, cursor, organization_id: organization } = members;
  const limit = Number(members['limit'] ?? 500);
  const senseless = {
    status: has('senseless spans are a failure') ? 500 : 422,
    body: { error: 'the question makes no sense', code: 'invalid' },
  };
  if (typeof from !== 'string' || typeof to !== 'string' || !UTC.test(from) || !UTC.test(to))
    return senseless;
  const [start, end] = [new Date(from).getTime(), new Date(to).getTime()];
  if (start >= end || end - start > MAX_SPAN_MS || !Number.isInteger(limit) || limit < 1) return senseless;
  if (cursor !== undefined && !(typeof cursor === 'string' && /^\d{1,6}$/.test(cursor))) return senseless;
  const overlap = has('midnight is counted twice') && end % DAY_MS === 0 ? 1_000 : 0;
  const until = Math.min(end + overlap, Date.now());
  const lines = [...shop.values()]
    .filter(
      (one) =>
        organization === undefined || has('the filter is ignored') || one.organizationId === organization,
    )
    .flatMap((one) => {
      const last = Math.min(until, has('what is deleted is charged on') ? until : (one.deletedMs ?? until));
      const first = Math.max(start, one.madeMs);
      return days(first, last, has).map(([a, b]) => line(one, a, b, has));
    });
  const total = lines.reduce((sum, one) => sum + one.millionths, 0);
  const offset = Number(cursor ?? 0);
  const page = lines.slice(offset, offset + limit);
  const more = offset + limit < lines.length - (has('the last page is lost') ? 1 : 0);
  return {
    status: 200,
    body: {
      schema: has('charges have no schema') ? undefined : 1,
      currency: 'USD',
      from,
      to,
      complete_through: new Date(until).toISOString(),
      generated_at: new Date().toISOString(),
      revision: digest(JSON.stringify(lines.map(({ told }) => told))),
      charges: page.map(({ told }) => told),
      totals: { USD: has('totals are rounded') ? '0.01' : money(total) },
      next_cursor: more ? String(offset + limit) : null,
    },
  };
}

function days(from: number, to: number, has: Has): [number, number][] {
  if (has('a charge crosses midnight')) return [[from - DAY_MS, to]];
  const spans: [number, number][] = [];
  for (let at = from; at < to;) {
    const end = Math.min(to, (Math.floor(at / DAY_MS) + 1) * DAY_MS);
    spans.push([at, end]);
    at = end;
  }
  return spans;
}

function line(
  one: { id: string; flyId: string | undefined; organizationId: string },
  from: number,
  to: number,
  has: Has,
) {
  const seconds = Math.floor((to - from) / 1000);
  const amount = money(seconds);
  const number = has('money is a number');
  return {
    millionths: seconds,
    told: {
      id: has('charges get new ids') ? randomUUID() : digest(`${one.id} ${from}`),
      organization_id: one.organizationId,
      extension_id: one.flyId ?? null,
      resource_id: one.id,
      category: 'usage',
      corrects: null,
      meter: 'seconds',
      quantity: number ? seconds : String(seconds),
      unit: 'second',
      unit_price: number ? Number(PRICE) : PRICE,
      amount: number ? Number(amount) : amount,
      currency: 'USD',
      start: new Date(from).toISOString(),
      end: new Date(to).toISOString(),
      final: false,
      updated_at: new Date(to).toISOString(),
    },
  };
}
