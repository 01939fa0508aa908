import { HangarError } from '@hangar/http';
import { sha256Hex } from '@hangar/security';
import type { Charge, ChargesResponse } from '@hangar/flyio';
import type { Json } from '../extension.ts';
import type { Deps } from '../deps.ts';
import type { ExtensionRecord } from '../ports.ts';
import { extensionOf } from '../record.ts';
import { canonical } from '../wire/provision-request.ts';
import type { UsageLine } from '../seller.ts';
import { formatAmount, multiply, parseAmount } from './amount.ts';
import { formatCursor, type ChargesQuery } from './query.ts';

const DAY_MS = 86_400_000;
const CURRENCY = 'USD';
const REVISION_LENGTH = 32;

/**
 * Answers a pull of charges (docs/specs/extensions.md#charges): customer charges before revenue share, one line per
 * resource, meter and UTC day. The same usage gives the same ids, amounts and revision, so a pull may be repeated,
 * and a total is exactly the sum of its lines. What never was ready is never charged.
 * @throws HangarError `gone` when the cursor's revision no longer exists, `hook_failed`
 */
export async function chargesFor(
  query: ChargesQuery,
  signal: AbortSignal,
  deps: Deps,
): Promise<ChargesResponse> {
  const now = deps.now();
  const charges = (await collect(query, now, signal, deps)).filter(
    (charge) => query.updatedSince === undefined || new Date(charge.updated_at) >= query.updatedSince,
  );
  const revision = sha256Hex(canonical(charges as unknown as Json)).slice(0, REVISION_LENGTH);
  if (query.cursor !== undefined && query.cursor.revision !== revision) {
    throw new HangarError('gone', {
      public: 'the charges changed since the first page; start again without a cursor',
    });
  }
  const offset = query.cursor?.offset ?? 0;
  const end = offset + query.limit;
  const total = charges.reduce((sum, charge) => sum + parseAmount(charge.amount), 0n);
  return {
    schema: 1,
    currency: CURRENCY,
    from: query.from.toISOString(),
    to: query.to.toISOString(),
    complete_through: earlier(query.to, now).toISOString(),
    generated_at: now.toISOString(),
    revision,
    charges: charges.slice(offset, end),
    totals: { [CURRENCY]: formatAmount(total) },
    next_cursor: end < charges.length ? formatCursor(revision, end) : null,
  };
}

async function collect(query: ChargesQuery, now: Date, signal: AbortSignal, deps: Deps): Promise<Charge[]> {
  const { seller, store } = deps.options;
  if (seller.usage === undefined) return [];
  const { from, to, organizationId, extensionId } = query;
  const usable = await store.extensions.usable({
    from,
    to,
    organizationId,
  });
  const charges: Charge[] = [];
  for (const extension of usable) {
    // Either side's id names the resource.
    if (extensionId !== undefined && extension.id !== extensionId && extension.flyId !== extensionId)
      continue;
    for (const span of daysOf(extension, from, to, now)) {
      const lines = await seller.usage({ extension: extensionOf(extension), ...span, signal, now });
      charges.push(...lines.map((line) => toCharge(extension, line, span)));
    }
  }
  if (new Set(charges.map((charge) => charge.id)).size < charges.length) {
    throw new HangarError('hook_failed', { detail: 'two usage lines share a meter and a start' });
  }
  return charges.toSorted(
    (a, b) => compare(a.start, b.start) || compare(a.resource_id, b.resource_id) || compare(a.meter, b.meter),
  );
}

interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** The time for which an extension is charged, cut at UTC midnights: from ready to deleted. */
function daysOf(extension: ExtensionRecord, from: Date, to: Date, now: Date): Span[] {
  if (extension.provisionedAt === undefined) return [];
  const end = earlier(extension.deletedAt ?? to, earlier(to, now)).getTime();
  const spans: Span[] = [];
  let at = Math.max(from.getTime(), extension.provisionedAt.getTime());
  while (at < end) {
    const midnight = (Math.floor(at / DAY_MS) + 1) * DAY_MS;
    const until = Math.min(midnight, end);
    spans.push({ from: new Date(at), to: new Date(until) });
    at = until;
  }
  return spans;
}

function toCharge(extension: ExtensionRecord, line: UsageLine, span: Span): Charge {
  const start = line.from ?? span.from;
  const end = line.to ?? span.to;
  if (start < span.from || end > span.to || start >= end)
    throw fault(line, 'reaches beyond the time that was asked for');
  return {
    id: `chg_${sha256Hex(`${extension.id}\n${line.meter}\n${start.toISOString()}`).slice(0, 32)}`,
    organization_id: extension.organizationId,
    extension_id: extension.flyId ?? null,
    resource_id: extension.id,
    resource_name: extension.name,
    category: line.category ?? 'usage',
    corrects: null,
    meter: line.meter,
    description: line.description,
    plan: extension.plan ?? null,
    ...money(line),
    unit: line.unit,
    currency: CURRENCY,
    start: start.toISOString(),
    end: end.toISOString(),
    final: false,
    updated_at: end.toISOString(),
  };
}

function money(line: UsageLine): { quantity: string; unit_price: string; amount: string } {
  try {
    const quantity = parseAmount(line.quantity);
    const unitPrice = parseAmount(line.unitPrice);
    return {
      quantity: formatAmount(quantity),
      unit_price: formatAmount(unitPrice),
      amount: formatAmount(multiply(quantity, unitPrice)),
    };
  } catch (error) {
    throw fault(line, 'holds a number that is no decimal text', error);
  }
}

function fault(line: UsageLine, why: string, cause?: unknown): HangarError {
  return new HangarError('hook_failed', { detail: `the usage line ${line.meter} ${why}`, cause });
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
