import { visibleEnvironments } from './environments.ts';
import { checkBody } from '../rules/body-rules.ts';
import type { Environment } from '../nouns.ts';
import type { Exchange, HandlerDeps } from '../upstream/exchange.ts';
import type { Answer } from '../answer/respond.ts';
import { isObject } from '../rules/json.ts';
import { cleanMachine, marksOf, readMachine, METADATA_MARKS } from '../rules/machine-marks.ts';
import { organizationPages } from '../upstream/organization-pages.ts';
import { checkOrganizationSlug } from '../policy/org-policy.ts';
import { jsonOf } from '../upstream/send.ts';

/** Parameters about pages, which this list does not have. */
const PAGING: readonly string[] = ['limit', 'cursor'];

/**
 * `GET /v1/orgs/{org}/machines` and `/volumes`: upstream lists the operator's whole organization, so only what lies in
 * an environment that the token may see goes on. All pages are read here and no cursor goes out, because upstream's
 * cursors are ids of other tenants' machines.
 */
export async function listInOrganization(
  exchange: Exchange,
  what: 'machines' | 'volumes',
  deps: HandlerDeps,
): Promise<Answer> {
  const before = await visibleEnvironments(exchange, deps);
  const listed: Readonly<Record<string, unknown>>[] = [];
  const names = new Set(before.map(({ name }) => name));
  const query = exchange.plan.query.filter(([name]) => !PAGING.includes(name));
  const send = async (target: string) => await exchange.send({ method: 'GET', target, repeatable: true });
  for await (const item of organizationPages({ organization: deps.organization, what, query, send }))
    if (isObject(item) && names.has(String(item['app_name']))) listed.push(item);
  // Names may have changed hands while the pages came; whose a name was all the time, its things are.
  const after = new Set((await visibleEnvironments(exchange, deps)).map(({ id }) => id));
  const lasting = new Map(
    before.filter(({ id }) => after.has(id)).map((environment) => [environment.name, environment]),
  );
  const own: unknown[] = [];
  for (const item of listed) {
    const environment = lasting.get(String(item['app_name']));
    if (environment && (await isOf(environment, item, what, deps))) own.push(cleanMachine(item));
  }
  return { status: 200, json: { [what]: own, next_cursor: '' } };
}

/** By its mark, or by its row where it carries none: a machine or a volume of another environment is not shown. */
async function isOf(
  environment: Environment,
  item: Readonly<Record<string, unknown>>,
  what: 'machines' | 'volumes',
  { store }: HandlerDeps,
): Promise<boolean> {
  const id = String(item['id']);
  const machine = what === 'machines' ? readMachine(item) : undefined;
  const owner =
    what === 'volumes'
      ? await store.volumeOwner(id)
      : ((machine && marksOf(machine)[METADATA_MARKS.environment]) ?? (await store.machine(id))?.environment);
  return owner === undefined || owner === environment.id;
}

/** `POST /v1/platform/placements`: asked for the operator's organization, whichever the caller's is. */
export async function place(exchange: Exchange, deps: HandlerDeps): Promise<Answer> {
  const { value: body } = checkBody('main.getPlacementsRequest', exchange.whole.json(), deps.policy);
  const refusal = checkOrganizationSlug(body['org_slug'], exchange.caller.workspace);
  if (refusal) throw refusal;
  const json = { ...body, org_slug: deps.organization };
  const call = { method: 'POST', target: '/v1/platform/placements', json, repeatable: true };
  return { status: 200, json: await jsonOf(await exchange.send(call), call) };
}
