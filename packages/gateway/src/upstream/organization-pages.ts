import { HangarError } from '@hangar/http';
import { isObject } from '../rules/json.ts';
import { formatTarget, type Target } from '../request/target.ts';
import { jsonOf, type UpstreamReply } from './send.ts';

/** Pages that are read of the operator's organization at most; with the largest pages that is 50,000 machines. */
const MOST_PAGES = 50;
const PAGE_SIZE = '1000';

/**
 * Everything that upstream lists for the operator's organization, page after page. Whoever reads it must cut it down to
 * what is its own.
 * @throws HangarError what upstream says, `upstream_failed` for what is not such a list
 */
export async function* organizationPages(wanted: {
  readonly organization: string;
  readonly what: 'machines' | 'volumes';
  readonly query: Target['query'];
  readonly send: (target: string) => Promise<UpstreamReply>;
}): AsyncGenerator {
  const { organization, what, send } = wanted;
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const query: Target['query'] = [
      ...wanted.query,
      ['limit', PAGE_SIZE],
      ...(cursor === undefined ? [] : [['cursor', cursor] as const]),
    ];
    const target = formatTarget({ segments: ['v1', 'orgs', organization, what], query });
    const page = await jsonOf(await send(target), { repeatable: true });
    const items: unknown = isObject(page) ? page[what] : undefined;
    if (!isObject(page) || !Array.isArray(items))
      throw new HangarError('upstream_failed', { detail: `the organization's ${what} are not a list` });
    yield* items;
    const next = page['next_cursor'];
    if (typeof next !== 'string' || next === '') return;
    cursor = next;
  }
}
