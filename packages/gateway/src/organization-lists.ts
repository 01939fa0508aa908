import { visibleEnvironments } from './apps.ts';
import { checkBody } from './body-rules.ts';
import { readJson, type Answer, type Exchange } from './exchange.ts';
import { isObject } from './machine-config.ts';
import { cleanMachine } from './machine-view.ts';
import { checkOrganizationSlug } from './org-policy.ts';
import type { Parts } from './parts.ts';
import { formatTarget } from './target.ts';
import { sendUpstream, upstreamError } from './upstream.ts';

/** Pages that are read of the operator's organization at most; with the largest pages that is 50,000 machines. */
const maxPages = 50;
const pageSize = '1000';

/**
 * `GET /v1/orgs/{org}/machines` and `/volumes`: upstream lists the operator's whole organization, so only what lies in
 * an app that the token may see goes on. All pages are read here and no cursor goes out, because upstream's cursors
 * are ids of other tenants' machines.
 */
export async function listInOrganization(
  exchange: Exchange,
  what: 'machines' | 'volumes',
  parts: Parts,
): Promise<Answer> {
  const names = new Set((await visibleEnvironments(exchange, parts)).map(({ name }) => name));
  const own: unknown[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const query: [string, string][] = exchange.plan.query.map(([name, value]) => [name, value]);
    query.push(
      ['limit', pageSize],
      ...(cursor === undefined ? [] : [['cursor', cursor] as [string, string]]),
    );
    const target = formatTarget({ segments: ['v1', 'orgs', parts.organization, what], query });
    const page = await readPage(
      await sendUpstream(parts.machines, { method: 'GET', target, repeatable: true }),
    );
    const items: readonly unknown[] = Array.isArray(page[what]) ? page[what] : [];
    own.push(
      ...items.filter((item) => isObject(item) && names.has(String(item['app_name']))).map(cleanMachine),
    );
    const next = page['next_cursor'];
    if (typeof next !== 'string' || next === '') break;
    cursor = next;
  }
  return { status: 200, json: { [what]: own, next_cursor: '' } };
}

/** `POST /v1/platform/placements`: asked for the operator's organization, whichever the caller's is. */
export async function place(exchange: Exchange, parts: Parts): Promise<Answer> {
  const { value } = await readJson(exchange);
  const { value: body } = checkBody('main.getPlacementsRequest', value, parts.policy);
  const refusal = checkOrganizationSlug(body['org_slug'], exchange.caller.workspace);
  if (refusal) throw refusal;
  const json = { ...body, org_slug: parts.organization };
  const target = '/v1/platform/placements';
  return {
    status: 200,
    json: await readPage(
      await sendUpstream(parts.machines, { method: 'POST', target, json, repeatable: true }),
    ),
  };
}

async function readPage(
  reply: Awaited<ReturnType<typeof sendUpstream>>,
): Promise<Readonly<Record<string, unknown>>> {
  const text = new TextDecoder().decode(await reply.bytes());
  const json: unknown = text === '' ? {} : JSON.parse(text);
  if (reply.status >= 400) throw upstreamError({ tag: 'refused', status: reply.status, body: json }, true);
  return isObject(json) ? json : {};
}
