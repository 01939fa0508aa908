import type { Json } from '@hangar/flyio';
import { checkBody } from './body-rules.ts';
import { appOf, readJson, type Exchange } from './exchange.ts';
import { bringBack } from './forward.ts';
import { invalid } from './machine-config.ts';
import { checkOrganizationSlug } from './org-policy.ts';
import type { Parts } from './parts.ts';
import { policyError } from './policy.ts';
import { sendUpstream } from './upstream.ts';

const sharedTypes: readonly string[] = ['shared_v4', 'v6'];
const publicTypes: readonly string[] = ['v4', ...sharedTypes];

/**
 * `POST /v1/apps/{app}/ip_assignments`. A private address is always on the environment's own network: with another one
 * in the body a tenant would stand in somebody else's.
 */
export async function assignAddress(given: Exchange, parts: Parts): Promise<Response> {
  const exchange = appOf(given);
  const { environment, caller } = exchange;
  const { value } = await readJson(exchange);
  const { value: body } = checkBody('assignIPRequest', value, parts.policy);
  const { type, region, service_name: service, network, org_slug: organization } = withoutBlanks(body);
  const refusal = checkOrganizationSlug(organization, caller.workspace);
  if (refusal) throw refusal;
  const chosen = service === undefined ? {} : { service_name: service };
  let json: Record<string, unknown>;
  if (type === 'private_v6') {
    if (network !== undefined && network !== environment.network)
      throw invalid('network', "must be the app's own");
    json = { type, org_slug: parts.organization, network: environment.network, ...chosen };
  } else {
    checkPublic(type, parts);
    json = { type, ...(region === undefined ? {} : { region }), ...chosen };
  }
  const target = `/v1/apps/${environment.name}/ip_assignments`;
  const call = { method: 'POST', target, headers: exchange.headers, json, repeatable: false };
  return await bringBack(exchange, await sendUpstream(parts.machines, call), 'stream', undefined, parts);
}

/** fly-go sends all five members, unset ones as empty texts. */
function withoutBlanks(body: Json): Json {
  return Object.fromEntries(Object.entries(body).filter(([, member]) => member !== ''));
}

function checkPublic(type: unknown, { policy }: Parts): void {
  if (typeof type !== 'string' || !publicTypes.includes(type))
    throw invalid('type', 'not a kind of address offered here');
  const { publicAddresses } = policy;
  if (publicAddresses === 'any' || (publicAddresses === 'shared' && sharedTypes.includes(type))) return;
  throw policyError('type', 'public_addresses', publicAddresses, `addresses of type ${type} are not allowed`);
}
