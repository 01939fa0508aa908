import { limitIn } from './query.ts';
import { invalidArgument } from './refusal.ts';

const MOST_PER_PAGE = 1000;

/** One page of the list of an organization. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string;
}

interface Entry {
  readonly id: string;
  readonly updatedAtMs: number;
}

/**
 * `updated_after`, `cursor` and `limit` (docs/specs/platform.md#machines-api), oldest change first. The cursor is the
 * place of the last entry, not the entry: it still means the same when that one is gone. It takes precedence over
 * `updated_after`, as the document says.
 */
export function pageOf<T extends Entry>(entries: readonly T[], query: URLSearchParams): Page<T> {
  const start = startOf(query);
  const sorted = entries.filter((one) => compare(one, start) > 0).toSorted(compare);
  const items = sorted.slice(0, limitIn(query, MOST_PER_PAGE, MOST_PER_PAGE));
  const last = items.at(-1);
  const more = last !== undefined && items.length < sorted.length;
  return { items, next: more ? `${last.updatedAtMs}-${last.id}` : '' };
}

function compare(a: Entry, b: Entry): number {
  return a.updatedAtMs - b.updatedAtMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function startOf(query: URLSearchParams): Entry {
  const cursor = query.get('cursor') ?? '';
  if (cursor !== '') {
    const [, time = '', id = ''] = /^(\d{1,15})-([\w]{1,64})$/.exec(cursor) ?? [];
    if (time === '') throw invalidArgument('cursor is not one that a page before has given');
    return { updatedAtMs: Number(time), id };
  }
  const after = query.get('updated_after') ?? '';
  if (after === '') return { updatedAtMs: -1, id: '' };
  const ms = Date.parse(after);
  if (!/^\d{4}-\d\d-\d\dT/.test(after) || Number.isNaN(ms))
    throw invalidArgument('updated_after must be an RFC 3339 time');
  // Everything with exactly that time comes before this id.
  return { updatedAtMs: ms, id: '\uffff' };
}
