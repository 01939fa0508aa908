import { HangarError } from '@hangar/http';

/** What a pull of charges asks for. */
export interface ChargesQuery {
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
  readonly organizationId: string | undefined;
  readonly extensionId: string | undefined;
  readonly updatedSince: Date | undefined;
  readonly cursor: { readonly revision: string; readonly offset: number } | undefined;
  readonly limit: number;
}

const DEFAULT_LIMIT = 500;
const MAX_LIMIT = 1_000;
/** A quarter. Longer spans are pulled in parts, so that no request works for minutes. */
const MAX_SPAN_MS = 92 * 86_400_000;
/** RFC 3339 in UTC: any other zone would leave open whose day a charge belongs to. */
const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|\+00:00)$/;

/**
 * Reads the query of `GET {base}/billing/charges` (docs/specs/extensions.md#charges).
 * @throws HangarError `invalid` naming each faulty parameter
 */
export function readChargesQuery(members: Readonly<Record<string, unknown>>): ChargesQuery {
  const fields: Record<string, string> = {};
  const text = (name: string): string | undefined => {
    const value = members[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const instant = (name: string, required: boolean): Date | undefined => {
    const value = text(name);
    if (value === undefined) {
      if (required) fields[name] = 'is missing';
      return undefined;
    }
    const date = UTC.test(value) ? new Date(value) : new Date(Number.NaN);
    if (!Number.isNaN(date.getTime())) return date;
    fields[name] = 'must be a UTC time such as 2026-11-20T00:00:00Z';
    return undefined;
  };
  const from = instant('from', true);
  const to = instant('to', true);
  const updatedSince = instant('updated_since', false);
  if (from !== undefined && to !== undefined) {
    if (from >= to) fields['to'] = 'must be after from';
    else if (to.getTime() - from.getTime() > MAX_SPAN_MS) fields['to'] = 'must be within 92 days of from';
  }
  const limit = Number(text('limit') ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    fields['limit'] = `must be 1 to ${MAX_LIMIT}`;
  const cursor = readCursor(text('cursor'));
  if (cursor === null) fields['cursor'] = 'is not one of ours';
  if (from === undefined || to === undefined || cursor === null || Object.keys(fields).length > 0) {
    throw new HangarError('invalid', { fields });
  }
  return {
    from,
    to,
    organizationId: text('organization_id'),
    extensionId: text('extension_id'),
    updatedSince,
    cursor,
    limit,
  };
}

/**
 * A place in one revision of an answer: pages of different revisions are never mixed
 * (docs/specs/extensions.md#charges).
 */
export function formatCursor(revision: string, offset: number): string {
  return Buffer.from(`${revision}:${offset}`).toString('base64url');
}

function readCursor(text: string | undefined): { revision: string; offset: number } | undefined | null {
  if (text === undefined) return undefined;
  const match = /^([0-9a-f]{32}):(\d{1,9})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  return match === null ? null : { revision: match[1] ?? '', offset: Number(match[2]) };
}
