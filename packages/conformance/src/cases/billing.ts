import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimMade, claimNoFailure, claimStatus } from '../lab/claims.ts';
import { isObject, type Exchange } from '../lab/exchange.ts';
import type { Lab } from '../lab/lab.ts';
import { settled } from './effects.ts';

const { must, should } = casesOf('billing', 'docs/specs/extensions.md#charges');

const PATH = '/billing/charges';
const DAY_MS = 86_400_000;
const DECIMAL = /^-?\d+(?:\.\d{1,10})?$/;
/** Usage counts from when a resource is ready; so long it is let be, that there is some. */
const USE_MS = 2_100;

interface Charges {
  readonly charges: readonly Record<string, unknown>[];
  readonly exchange: Exchange;
}

/** The time that can be asked about with always the same answer: from yesterday to a second ago. */
interface Span {
  readonly from: Date;
  readonly midnight: Date;
  readonly to: Date;
}

/** Has an organization with three resources that may cost, once for all cases, and waits until a second of it is over. */
async function billed(lab: Lab): Promise<Span & { readonly organizationId: string }> {
  const { organizationId } = await lab.once('billed', async () => {
    const owner = lab.stranger();
    const orders = [lab.order(owner), lab.order(owner), lab.order(owner)];
    for (const order of orders) await settled(lab, claimMade(await lab.post(order)).id);
    await lab.pause(USE_MS);
    return owner;
  });
  const to = new Date(Math.floor(lab.now().getTime() / 1000) * 1000 - 1000);
  const midnight = new Date(Math.floor(to.getTime() / DAY_MS) * DAY_MS);
  return { from: new Date(midnight.getTime() - DAY_MS), midnight, to, organizationId };
}

async function pull(lab: Lab, query: Record<string, unknown>): Promise<Charges> {
  const exchange = await lab.read(PATH, query);
  claimStatus(exchange, 200);
  const list = exchange.json['charges'];
  claim(Array.isArray(list) && list.every(isObject), 'there is no list of `charges`', exchange);
  return { charges: list, exchange };
}

const between = (from: Date, to: Date): { from: string; to: string } => ({
  from: from.toISOString(),
  to: to.toISOString(),
});

/** Money as a whole number of 1e-10. */
function amountOf(text: unknown): bigint {
  const [whole = '0', part = ''] = String(text).replace(/^-/, '').split('.');
  const size = BigInt(whole + part.padEnd(10, '0').slice(0, 10));
  return String(text).startsWith('-') ? -size : size;
}

function sumOf(charges: readonly Record<string, unknown>[]): bigint {
  return charges.reduce((sum, one) => sum + amountOf(one['amount']), 0n);
}

const idsOf = (charges: readonly Record<string, unknown>[]): string =>
  JSON.stringify(
    charges.map((one) => JSON.stringify([one['id'], one['amount']])).toSorted((a, b) => (a < b ? -1 : 1)),
  );

export const BILLING_CASES: readonly Case[] = [
  must('BIL-01', 'A day of charges is answered in the agreed form.', async (lab) => {
    const { from, midnight } = await billed(lab);
    const { exchange } = await pull(lab, between(from, midnight));
    const { json } = exchange;
    claim(json['schema'] === 1, 'the `schema` is not 1', exchange);
    for (const name of ['currency', 'from', 'to', 'complete_through', 'generated_at'])
      claim(typeof json[name] === 'string', `there is no \`${name}\``, exchange);
    claim(isObject(json['totals']), 'there are no `totals`', exchange);
    claim(
      'revision' in json && 'next_cursor' in json,
      'there is no `revision` or no `next_cursor`',
      exchange,
    );
  }),
  must('BIL-02', 'Charges that nobody signed for are refused.', async (lab) => {
    const query = between(new Date(lab.now().getTime() - DAY_MS), lab.now());
    const answer = await lab.read(PATH, query, { carried: () => [] });
    claimStatus(answer, 401);
    claim(answer.json['charges'] === undefined, 'the answer tells charges', answer);
  }),
  must('BIL-03', 'The same question twice has the same charges, ids and revision.', async (lab) => {
    const { from, to } = await billed(lab);
    const [first, second] = [await pull(lab, between(from, to)), await pull(lab, between(from, to))];
    claim(
      JSON.stringify(first.charges) === JSON.stringify(second.charges),
      'the charges of one time are others at the second question',
      second.exchange,
    );
    claim(
      first.exchange.json['revision'] === second.exchange.json['revision'],
      'the revision changed',
      second.exchange,
    );
  }),
  must('BIL-04', 'Pages of one charge are the same set as one page.', async (lab) => {
    const { from, to, organizationId } = await billed(lab);
    const query = { ...between(from, to), organization_id: organizationId };
    const whole = await pull(lab, query);
    const found: Record<string, unknown>[] = [];
    let cursor: unknown;
    do {
      const page = await pull(lab, { ...query, limit: 1, cursor });
      found.push(...page.charges);
      cursor = page.exchange.json['next_cursor'] ?? undefined;
      claim(page.charges.length <= 1, 'a page of one has more', page.exchange);
    } while (cursor !== undefined && found.length <= whole.charges.length);
    claim(
      idsOf(found) === idsOf(whole.charges),
      `the pages have ${found.length} charges, one page has ${whole.charges.length}, or they differ`,
      whole.exchange,
    );
  }),
  must('BIL-05', 'The totals are exactly the sum of the charges.', async (lab) => {
    const { from, to } = await billed(lab);
    const { charges, exchange } = await pull(lab, { ...between(from, to), limit: 1000 });
    const { totals, currency, next_cursor: next } = exchange.json;
    claim(isObject(totals) && typeof currency === 'string', 'there are no `totals`', exchange);
    if (next === null)
      claim(amountOf(totals[currency] ?? '0') === sumOf(charges), 'the totals are another sum', exchange);
  }),
  must('BIL-06', 'Money and quantities are decimal text.', async (lab) => {
    const { from, to } = await billed(lab);
    const { charges, exchange } = await pull(lab, between(from, to));
    for (const one of charges)
      for (const name of ['amount', 'quantity', 'unit_price'])
        claim(
          typeof one[name] === 'string' && DECIMAL.test(one[name]),
          `the ${name} ${JSON.stringify(one[name])} is no decimal text`,
          exchange,
        );
  }),
  must('BIL-07', 'Two days are the first and the second.', async (lab) => {
    const { from, midnight, to } = await billed(lab);
    if (to <= midnight) return;
    const limit = { limit: 1000 };
    const both = await pull(lab, { ...between(from, to), ...limit });
    const first = await pull(lab, { ...between(from, midnight), ...limit });
    const second = await pull(lab, { ...between(midnight, to), ...limit });
    if (both.exchange.json['next_cursor'] !== null) return;
    claim(
      idsOf(both.charges) === idsOf([...first.charges, ...second.charges]),
      'the charges of two days are not those of the first and those of the second',
      both.exchange,
    );
  }),
  must('BIL-08', 'Charges of one organization hold no other’s.', async (lab) => {
    const { from, to, organizationId: mine } = await billed(lab);
    const { charges, exchange } = await pull(lab, { ...between(from, to), organization_id: mine });
    claim(
      charges.every((one) => one['organization_id'] === mine),
      'there are charges of another',
      exchange,
    );
    const none = await pull(lab, { ...between(from, to), organization_id: lab.stranger().organizationId });
    claim(none.charges.length === 0, 'an unknown organization has charges', none.exchange);
  }),
  should('BIL-11', 'A deleted resource is charged until its deletion and not after.', async (lab) => {
    const { from } = await billed(lab);
    const { id } = await lab.made();
    await settled(lab, id);
    await lab.pause(USE_MS);
    claimStatus(await lab.remove(id), 200, 202, 204);
    await lab.pause(USE_MS);
    const gone = lab.now();
    const { charges, exchange } = await pull(lab, { ...between(from, gone), limit: 1000 });
    const late = charges.filter((one) => one['resource_id'] === id && new Date(String(one['end'])) >= gone);
    claim(late.length === 0, 'a deleted resource is charged beyond its deletion', exchange);
  }),
  should('BIL-12', 'Senseless questions are refused, and never a failure.', async (lab) => {
    const now = lab.now();
    const day = between(new Date(now.getTime() - DAY_MS), now);
    const senseless = [
      { from: day.to, to: day.from },
      between(new Date(now.getTime() - 5 * 365 * DAY_MS), now),
      { from: '2026-11-01T00:00:00', to: '2026-11-02T00:00:00' },
      { ...day, cursor: 'garbage' },
      { ...day, limit: '-1' },
      {},
    ];
    for (const query of senseless) {
      const answer = await lab.read(PATH, query);
      claimNoFailure(answer);
      claimStatus(answer, 400, 410, 422);
    }
  }),
  must('HOS-30', 'A charge lies in one day, and in the time that was asked for.', async (lab) => {
    const { from, to } = await billed(lab);
    const { charges, exchange } = await pull(lab, between(from, to));
    for (const one of charges) {
      const [start, end] = [new Date(String(one['start'])).getTime(), new Date(String(one['end'])).getTime()];
      claim(
        start < end && start >= from.getTime() && end <= to.getTime(),
        'a charge is outside of it',
        exchange,
      );
      claim(
        Math.floor(start / DAY_MS) === Math.floor((end - 1) / DAY_MS),
        'a charge crosses midnight',
        exchange,
      );
    }
  }),
];
