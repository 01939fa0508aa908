import { isVolumeId } from '@hangar/security';
import type { Environment } from './environment.ts';
import { appOf, readJson, type Exchange } from './exchange.ts';
import { bringBack } from './forward.ts';
import { invalid, isObject, withoutNulls } from './machine-config.ts';
import { ownedVolume } from './ownership.ts';
import type { Parts } from './parts.ts';
import { checkRegion, checkVolumeSize } from './policy.ts';
import { sendUpstream } from './upstream.ts';

/** What upstream makes when no size is given. */
const defaultSizeGb = 3;
const fields: readonly string[] = [
  'auto_backup_enabled',
  'encrypted',
  'fstype',
  'name',
  'region',
  'require_unique_zone',
  'size_gb',
  'snapshot_id',
  'snapshot_retention',
  'source_volume_id',
  'unique_zone_app_wide',
];

/** `POST /v1/apps/{app}/volumes`. A volume may only be filled from a volume or snapshot of the same app. */
export async function createVolume(given: Exchange, parts: Parts): Promise<Response> {
  const exchange = appOf(given);
  const { environment } = exchange;
  const { value } = await readJson(exchange);
  if (!isObject(value)) throw invalid('body', 'a JSON object is needed');
  const body = Object.fromEntries(
    Object.entries(withoutNulls(value)).filter(([name]) => fields.includes(name)),
  );
  const size = body['size_gb'] ?? defaultSizeGb;
  if (typeof size !== 'number') throw invalid('size_gb', 'a number is needed');
  const { region, source_volume_id: source, snapshot_id: snapshot } = body;
  const refusal =
    checkVolumeSize(size, 'size_gb', parts.policy) ??
    (typeof region === 'string' ? checkRegion(region, 'region', parts.policy) : undefined);
  if (refusal) throw refusal;
  if (source !== undefined) {
    if (typeof source !== 'string' || !isVolumeId(source))
      throw invalid('source_volume_id', 'not a volume id');
    await ownedVolume(source, environment, parts);
  }
  if (snapshot !== undefined) await checkSnapshot(snapshot, environment, parts);
  const target = `/v1/apps/${environment.name}/volumes`;
  const call = { method: 'POST', target, headers: exchange.headers, json: body, repeatable: false };
  return await bringBack(exchange, await sendUpstream(parts.machines, call), 'volumes', undefined, parts);
}

/** A snapshot's id says nothing about its owner, so it must be among those of the app's own volumes. */
async function checkSnapshot(snapshot: unknown, environment: Environment, parts: Parts): Promise<void> {
  if (typeof snapshot !== 'string') throw invalid('snapshot_id', 'a text is needed');
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
