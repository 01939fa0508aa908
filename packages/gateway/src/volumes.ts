import { checkBody } from './body-rules.ts';
import { appOf, type AppExchange, type Exchange, type HandlerParts } from './exchange.ts';
import { bringBack } from './forward.ts';
import { invalid, isObject } from './machine-config.ts';
import { listedVolumes, ownedVolume } from './ownership.ts';
import { jsonOf } from './upstream.ts';

/** `POST /v1/apps/{app}/volumes`. A volume may only be filled from a volume or snapshot of the same app. */
export async function createVolume(given: Exchange, parts: HandlerParts): Promise<Response> {
  const exchange = appOf(given);
  const { environment } = exchange;
  const { value: body, volumes } = checkBody('CreateVolumeRequest', exchange.whole.json(), parts.policy);
  for (const { id } of volumes) await ownedVolume(id, exchange, parts);
  const snapshot = body['snapshot_id'];
  if (snapshot !== undefined && snapshot !== '') await checkSnapshot(snapshot, exchange);
  const target = `/v1/apps/${environment.name}/volumes`;
  const call = { method: 'POST', target, headers: exchange.headers, json: body, repeatable: false };
  return await bringBack(exchange, await exchange.send(call), 'volumes', undefined, parts);
}

/** A snapshot's id says nothing about its owner, so it must be among those of the app's own volumes. */
async function checkSnapshot(snapshot: unknown, exchange: AppExchange): Promise<void> {
  for (const volume of await listedVolumes(exchange)) {
    const target = `/v1/apps/${exchange.environment.name}/volumes/${volume.id}/snapshots`;
    const call = { method: 'GET', target, repeatable: true };
    const reply = await exchange.send(call);
    const list = reply.status === 200 ? await jsonOf(reply, call) : await reply.drop();
    if (Array.isArray(list) && list.some((item: unknown) => isObject(item) && item['id'] === snapshot))
      return;
  }
  throw invalid('snapshot_id', 'no such snapshot in this app');
}
