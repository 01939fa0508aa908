import type { Json, VolumeWire } from '@hangar/flyio';
import { checkBody } from '../rules/body-rules.ts';
import { appOf, type AppExchange, type Exchange, type HandlerDeps } from '../upstream/exchange.ts';
import { bringBack, passOn } from './forward.ts';
import { isObject, invalid } from '../rules/json.ts';
import { newUlid } from '../rules/naming.ts';
import { ownedVolume } from './ownership.ts';
import { listedVolumes } from '../upstream/app-lists.ts';
import { checkPlace, checkVolumeSize } from '../policy/policy-checks.ts';
import { withPlaces, type Wanted } from '../reserve/quotas.ts';
import { jsonOf } from '../upstream/send.ts';

/** What upstream makes when no size is given. */
const DEFAULT_VOLUME_GB = 3;

/** `POST /v1/apps/{app}/volumes`. A volume may only be filled from a volume or snapshot of the same app. */
export async function createVolume(given: Exchange, deps: HandlerDeps): Promise<Response> {
  const exchange = appOf(given);
  const { value: body, volumes } = checkBody('CreateVolumeRequest', exchange.whole.json(), deps.policy);
  for (const { id } of volumes) await ownedVolume(id, exchange, deps);
  const source = await sourceOf(body, exchange);
  const size = sizeIn(body) ?? source?.size_gb ?? DEFAULT_VOLUME_GB;
  const denial = checkPlace(body['region'], deps.policy) ?? checkVolumeSize(size, 'size_gb', deps.policy);
  if (denial) throw denial;
  const target = `/v1/apps/${exchange.environment.name}/volumes`;
  const call = { method: 'POST', target, headers: exchange.headers, json: body, repeatable: false };
  return await withPlacesFor(
    exchange,
    { volumes: [size] },
    deps,
    async () => await bringBack(exchange, await exchange.send(call), 'volumes', undefined, deps),
  );
}

/** `PUT …/volumes/{volume}/extend`. What is added counts like a new volume of that size. */
export async function extendVolume(given: Exchange, deps: HandlerDeps): Promise<Response> {
  const exchange = appOf(given);
  const { value: body } = checkBody('ExtendVolumeRequest', exchange.whole.json(), deps.policy, (read) =>
    sizeIn(read) === undefined ? [{ path: 'size_gb', fault: 'a number is needed' }] : [],
  );
  const grows = [{ volume: exchange.plan.params['volume'] ?? '', toGb: sizeIn(body) ?? 0 }];
  return await withPlacesFor(
    exchange,
    { grows },
    deps,
    async () => await passOn(exchange, body, 'extended-volume', undefined, deps),
  );
}

/** An answer of 500 and above leaves open whether anything was made. */
async function withPlacesFor(
  exchange: AppExchange,
  wanted: Wanted,
  deps: HandlerDeps,
  send: () => Promise<Response>,
): Promise<Response> {
  const operation = { id: newUlid(deps.now()), repeated: false };
  return await withPlaces({ exchange, operation, wanted }, deps, send, ({ status }) => status < 500);
}

function sizeIn(body: Json): number | undefined {
  const size = body['size_gb'];
  return typeof size === 'number' && size > 0 ? size : undefined;
}

/**
 * The volume that a new one is filled from, which says how large it becomes. A snapshot's id says nothing about its owner,
 * so it must be among those of the app's own volumes.
 */
async function sourceOf(body: Json, exchange: AppExchange): Promise<VolumeWire | undefined> {
  const { source_volume_id: source, snapshot_id: snapshot } = body;
  if (!source && !snapshot) return undefined;
  const volumes = await listedVolumes(exchange);
  if (!snapshot) return volumes.find(({ id }) => id === source);
  for (const volume of volumes) {
    const target = `/v1/apps/${exchange.environment.name}/volumes/${volume.id}/snapshots`;
    const call = { method: 'GET', target, repeatable: true };
    const reply = await exchange.send(call);
    const list = reply.status === 200 ? await jsonOf(reply, call) : await reply.drop();
    if (Array.isArray(list) && list.some((item: unknown) => isObject(item) && item['id'] === snapshot))
      return volume;
  }
  throw invalid('snapshot_id', 'no such snapshot in this app');
}
