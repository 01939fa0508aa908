import { checkBody } from './body-rules.ts';
import type { Environment } from './environment.ts';
import { appOf, readJson, type Exchange } from './exchange.ts';
import { bringBack } from './forward.ts';
import { invalid, isObject } from './machine-config.ts';
import { ownedVolume } from './ownership.ts';
import type { Parts } from './parts.ts';
import { sendUpstream } from './upstream.ts';

/** `POST /v1/apps/{app}/volumes`. A volume may only be filled from a volume or snapshot of the same app. */
export async function createVolume(given: Exchange, parts: Parts): Promise<Response> {
  const exchange = appOf(given);
  const { environment } = exchange;
  const { value } = await readJson(exchange);
  const { value: body, volumes } = checkBody('CreateVolumeRequest', value, parts.policy);
  for (const { id } of volumes) await ownedVolume(id, environment, parts);
  const snapshot = body['snapshot_id'];
  if (snapshot !== undefined && snapshot !== '') await checkSnapshot(snapshot, environment, parts);
  const target = `/v1/apps/${environment.name}/volumes`;
  const call = { method: 'POST', target, headers: exchange.headers, json: body, repeatable: false };
  return await bringBack(exchange, await sendUpstream(parts.machines, call), 'volumes', undefined, parts);
}

/** A snapshot's id says nothing about its owner, so it must be among those of the app's own volumes. */
async function checkSnapshot(snapshot: unknown, environment: Environment, parts: Parts): Promise<void> {
  const volumes = await parts.machines.listVolumes(environment.name);
  for (const volume of volumes.ok ? volumes.value : []) {
    const target = `/v1/apps/${environment.name}/volumes/${volume.id}/snapshots`;
    const reply = await sendUpstream(parts.machines, { method: 'GET', target, repeatable: true });
    const list: unknown =
      reply.status === 200 ? JSON.parse(new TextDecoder().decode(await reply.bytes())) : await reply.drop();
    if (Array.isArray(list) && list.some((item: unknown) => isObject(item) && item['id'] === snapshot))
      return;
  }
  throw invalid('snapshot_id', 'no such snapshot in this app');
}
