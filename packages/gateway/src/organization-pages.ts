import { HangarError } from '@hangar/security';
import { isObject } from './machine-config.ts';
import type { Parts } from './parts.ts';
import { formatTarget, type Target } from './target.ts';
import { sendUpstream, upstreamError, type UpstreamReply } from './upstream.ts';

/** Pages that are read of the operator's organization at most; with the largest pages that is 50,000 machines. */
const MAX_PAGES = 50;
const PAGE_SIZE = '1000';

/** An element of a list of upstream's. */
export type ListedItem = Readonly<Record<string, unknown>>;

/**
 * All machines or volumes of the operator's organization, page after page, for as long as whoever asks goes on.
 * @throws HangarError `upstream_failed` for a page that is none, and whatever else upstream's failures become
 */
export async function* inOrganization(
  what: 'machines' | 'volumes',
  asked: Target['query'],
  { machines, organization }: Pick<Parts, 'machines' | 'organization'>,
): AsyncGenerator<ListedItem> {
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const next = cursor === undefined ? [] : [['cursor', cursor] as const];
    const query = [...asked, ['limit', PAGE_SIZE] as const, ...next];
    const target = formatTarget({ segments: ['v1', 'orgs', organization, what], query });
    const page = await readObject(await sendUpstream(machines, { method: 'GET', target, repeatable: true }));
    const items: readonly unknown[] = Array.isArray(page[what]) ? page[what] : [];
    yield* items.filter(isObject);
    if (typeof page['next_cursor'] !== 'string' || page['next_cursor'] === '') return;
    cursor = page['next_cursor'];
  }
}

/** The object that upstream answered a read with. What is cut short, or is no JSON, is upstream's failure and not ours. */
export async function readObject(reply: UpstreamReply): Promise<ListedItem> {
  const text = new TextDecoder().decode(await reply.bytes());
  const json = parsed(text);
  if (reply.status >= 400) throw upstreamError({ tag: 'refused', status: reply.status, body: json }, true);
  if (isObject(json)) return json;
  throw new HangarError('upstream_failed', {
    status: 502,
    detail: `upstream answered ${reply.status} with something that is no JSON object`,
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
