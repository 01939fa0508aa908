import { z } from 'zod';
import { call, expectEqual, expectStatus } from '../calls.ts';
import type { Step, Story } from '../story.ts';
import { until } from '../../processes/waiting.ts';
import { timeAtFly } from './narrow.ts';

const DAY_SECONDS = 86_400;

const charge = z.object({
  resource_id: z.string().nullable(),
  meter: z.string(),
  quantity: z.string(),
  amount: z.string(),
});
const pulled = z.object({ status: z.number(), body: z.string() });
const charges = z.object({ charges: z.array(charge), totals: z.record(z.string(), z.string()) });
const usage = z.object({
  rows: z.array(z.object({ meter: z.string(), cpu_kind: z.string(), quantity: z.number() })),
});

export const billing: Step = {
  title: "Billing: a day later, yesterday's charges, pulled with a signed request, equal what was metered",
  play: async (story) => {
    const today = startOfDay(await timeAtFly(story));
    const tomorrow = new Date(today.getTime() + DAY_SECONDS * 1000);
    expectStatus(
      await call({ method: 'POST', url: story.fly('/clock'), body: { advance_seconds: DAY_SECONDS } }),
      200,
      201,
    );
    const span = { from: today.toISOString(), to: tomorrow.toISOString() };
    const bill = await until('Hangar answers for yesterday', async () => await pull(story, span));
    const mine = bill.charges.filter((line) => line.resource_id === story.extensionId);
    const query = new URLSearchParams(span);
    const metered = usage.parse(
      expectStatus(
        await call({
          method: 'GET',
          url: story.api(`/hangar/v1/usage?${query.toString()}`),
          token: story.token,
        }),
        200,
      ),
    ).rows;
    const charged = byMeter(mine);
    if (Object.keys(charged).length === 0) throw new Error('nothing was charged although a machine ran');
    expectEqual(
      'charged quantities against metered ones',
      charged,
      byMeter(
        metered.map((row) => ({ meter: `${row.meter}.${row.cpu_kind}`, quantity: row.quantity.toFixed(10) })),
      ),
    );
    return {
      day: span.from.slice(0, 10),
      lines: mine.length,
      total: `${bill.totals['USD'] ?? '0'} USD`,
      equals_usage: true,
    };
  },
};

/** Asks as Fly.io does, until Hangar has followed the platform's clock into the next day. */
async function pull(
  story: Story,
  span: { from: string; to: string },
): Promise<z.infer<typeof charges> | undefined> {
  const answer = await call({ method: 'POST', url: story.fly('/billing/pull'), body: span });
  const { status, body } = pulled.parse(expectStatus(answer, 200, 201));
  if (status === 401) return undefined;
  if (status !== 200) throw new Error(`the pull was answered ${status}: ${body.slice(0, 200)}`);
  return charges.parse(JSON.parse(body));
}

/** Sums decimal strings exactly, in units of 1e-10. */
function byMeter(lines: readonly { meter: string; quantity: string }[]): Record<string, string> {
  const sums = new Map<string, bigint>();
  for (const line of lines) sums.set(line.meter, (sums.get(line.meter) ?? 0n) + units(line.quantity));
  return Object.fromEntries(
    [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([meter, sum]) => [meter, sum.toString()]),
  );
}

function units(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole) * 10n ** 10n + BigInt(fraction.padEnd(10, '0').slice(0, 10));
}

function startOfDay(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()));
}
