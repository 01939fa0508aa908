import { visibleEnvironments } from './apps.ts';
import { checkBody } from './body-rules.ts';
import { readJson, type Answer, type Exchange } from './exchange.ts';
import { isObject } from './machine-config.ts';
import { cleanMachine } from './machine-view.ts';
import { checkOrganizationSlug } from './org-policy.ts';
import type { Parts } from './parts.ts';
import { inOrganization, readObject } from './organization-pages.ts';
import { sendUpstream } from './upstream.ts';

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
  for await (const item of inOrganization(what, exchange.plan.query, parts)) {
    if (names.has(String(item['app_name']))) own.push(cleanMachine(item));
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
    json: await readObject(
      await sendUpstream(parts.machines, { method: 'POST', target, json, repeatable: true }),
    ),
  };
}
