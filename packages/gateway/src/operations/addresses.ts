import { isIP } from 'node:net';
import type { Json } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { checkBody } from '../rules/body-rules.ts';
import { appOf, type Exchange, type HandlerDeps } from '../upstream/exchange.ts';
import { type Answer } from '../answer/respond.ts';
import { bringBack } from './forward.ts';
import { invalid } from '../rules/json.ts';
import { newUlid } from '../rules/naming.ts';
import { checkOrganizationSlug } from '../policy/org-policy.ts';
import { listedAddresses } from '../upstream/app-lists.ts';
import { policyError } from '../policy/policy-checks.ts';
import { withPlaces } from '../reserve/quotas.ts';
import { formatTarget } from '../request/target.ts';
import { jsonOf } from '../upstream/send.ts';

const SHARED_TYPES: readonly string[] = ['shared_v4', 'v6'];
const PUBLIC_TYPES: readonly string[] = ['v4', ...SHARED_TYPES];

/**
 * `POST /v1/apps/{app}/ip_assignments`. A private address is always on the environment's own network: with another one
 * in the body a tenant would stand in somebody else's.
 */
export async function assignAddress(given: Exchange, deps: HandlerDeps): Promise<Response> {
  const exchange = appOf(given);
  const { environment, caller } = exchange;
  const { value: body } = checkBody('assignIPRequest', exchange.whole.json(), deps.policy);
  const { type, region, service_name: service, network, org_slug: organization } = withoutBlanks(body);
  const refusal = checkOrganizationSlug(organization, caller.workspace);
  if (refusal) throw refusal;
  const chosen = service === undefined ? {} : { service_name: service };
  let json: Record<string, unknown>;
  if (type === 'private_v6') {
    if (network !== undefined && network !== environment.network)
      throw invalid('network', "must be the app's own");
    json = { type, org_slug: deps.organization, network: environment.network, ...chosen };
  } else {
    checkPublic(type, deps);
    json = { type, region, ...chosen };
  }
  const target = `/v1/apps/${environment.name}/ip_assignments`;
  const call = { method: 'POST', target, headers: exchange.headers, json, repeatable: false };
  const operation = { id: newUlid(deps.now()), repeated: false };
  return await withPlaces(
    { exchange, operation, wanted: { addresses: 1 } },
    deps,
    async () => await bringBack(exchange, await exchange.send(call), 'address', undefined, deps),
    ({ status }) => status < 500,
  );
}

/** fly-go sends all five members, unset ones as empty texts. */
function withoutBlanks(body: Json): Json {
  return Object.fromEntries(Object.entries(body).filter(([, member]) => member !== ''));
}

function checkPublic(type: unknown, { policy }: HandlerDeps): void {
  if (typeof type !== 'string' || !PUBLIC_TYPES.includes(type))
    throw invalid('type', 'not a kind of address offered here');
  const { publicAddresses } = policy;
  if (publicAddresses === 'any' || (publicAddresses === 'shared' && SHARED_TYPES.includes(type))) return;
  throw policyError(
    'type',
    'network.public_ip',
    publicAddresses,
    `addresses of type ${type} are not allowed`,
  );
}

/**
 * `DELETE /v1/apps/{app}/ip_assignments/{ip}`. The path names the app as well, but whether upstream holds an address
 * against it is not for us to trust: it must be among the app's own.
 */
export async function releaseAddress(given: Exchange, { store }: HandlerDeps): Promise<Answer> {
  const exchange = appOf(given);
  const { environment } = exchange;
  const wanted = canonical(exchange.plan.params['ip'] ?? '');
  const held = (await listedAddresses(exchange)).find((ip) => canonical(ip) === wanted);
  if (held === undefined) throw new HangarError('not_found', { public: `address not found: ${wanted}` });
  if (environment.flycastAddress !== undefined && canonical(environment.flycastAddress) === wanted) {
    throw policyError(
      'ip',
      'environment_address',
      wanted,
      'this address was made with the app and ends with it',
    );
  }
  const target = formatTarget({
    segments: ['v1', 'apps', environment.name, 'ip_assignments', held],
    query: [],
  });
  const call = { method: 'DELETE', target, headers: exchange.headers, repeatable: true };
  const reply = await exchange.send(call);
  if (reply.status >= 400 && reply.status !== 404) await jsonOf(reply, call);
  await reply.drop();
  await store.addressGone({ address: held, environment: environment.id });
  return { status: 204 };
}

/** One spelling for each address: IPv6 has many. */
function canonical(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}
