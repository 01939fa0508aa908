import { randomBase36, randomHex } from '../../ids.ts';
import type { Simulation } from '../../simulation.ts';
import type { App, Volume } from '../../world/platform.ts';
import { Table } from '../../world/table.ts';
import { flagOf, numberOf, textOf } from '../request/body.ts';
import { failedPrecondition, invalidArgument, Refusal } from '../request/refusal.ts';
import { placeIn } from '../request/regions.ts';
import type { JsonObject } from '../../world/json.ts';

const DEFAULT_SIZE_GB = 3;
const LARGEST_SIZE_GB = 500;
const DEFAULT_RETENTION_DAYS = 5;

/** The volumes of an app (docs/specs/platform.md#volumes). */
export function volumesOf(simulation: Simulation, app: App): Volume[] {
  return [...simulation.world.volumes.values()].filter((one) => one.app === app.name);
}

/** The volume with that id; 404 when the app has none. */
export function volumeOf(simulation: Simulation, app: App, id: string): Volume {
  const volume = simulation.world.volumes.get(id);
  if (volume?.app !== app.name) throw new Refusal(404, `volume not found: ${id}`);
  return volume;
}

/** Creates a volume, empty or as a copy of another one of the same app. */
export function createVolume(simulation: Simulation, app: App, body: JsonObject): Volume {
  const name = textOf(body, 'name');
  if (name === undefined || !/^[a-z0-9_]{1,30}$/.test(name)) {
    throw invalidArgument('name: must be 1 to 30 lowercase letters, digits and underscores');
  }
  const source = textOf(body, 'source_volume_id');
  const from = source === undefined ? undefined : volumeOf(simulation, app, source);
  const snapshot = textOf(body, 'snapshot_id');
  const taken = volumesOf(simulation, app)
    .flatMap((one) => [...one.snapshots.values()].map((shot) => ({ ...shot, region: one.region })))
    .find((one) => one.id === snapshot);
  if (snapshot !== undefined && !taken) throw new Refusal(404, `snapshot not found: ${snapshot}`);
  const sizeGb = numberOf(body, 'size_gb') ?? from?.sizeGb ?? taken?.sizeGb ?? DEFAULT_SIZE_GB;
  if (sizeGb < 1 || sizeGb > LARGEST_SIZE_GB)
    throw invalidArgument(`size_gb: must be between 1 and ${LARGEST_SIZE_GB}`);
  const volume: Volume = {
    id: `vol_${randomBase36(16)}`,
    app: app.name,
    name,
    region: placeIn(textOf(body, 'region') ?? from?.region ?? taken?.region),
    zone: randomHex(2),
    encrypted: flagOf(body, 'encrypted') ?? from?.encrypted ?? true,
    fstype: textOf(body, 'fstype') ?? from?.fstype ?? 'ext4',
    createdAtMs: simulation.clock.nowMs(),
    sizeGb,
    snapshotRetention: retentionOf(body) ?? DEFAULT_RETENTION_DAYS,
    autoBackup: flagOf(body, 'auto_backup_enabled') ?? true,
    snapshots: new Table(),
  };
  simulation.world.volumes.set(volume.id, volume);
  return volume;
}

/** `PUT …/volumes/{id}`. */
export function updateVolume(simulation: Simulation, volume: Volume, body: JsonObject): void {
  volume.snapshotRetention = retentionOf(body) ?? volume.snapshotRetention;
  volume.autoBackup = flagOf(body, 'auto_backup_enabled') ?? volume.autoBackup;
  simulation.world.volumes.changed(volume.id);
}

/** `PUT …/volumes/{id}/extend`; a volume never shrinks. */
export function extendVolume(simulation: Simulation, volume: Volume, body: JsonObject): void {
  const sizeGb = numberOf(body, 'size_gb');
  if (sizeGb === undefined || sizeGb > LARGEST_SIZE_GB) throw invalidArgument('size_gb: is not valid');
  if (sizeGb < volume.sizeGb) throw invalidArgument(`size_gb: volume cannot shrink below ${volume.sizeGb}`);
  volume.sizeGb = sizeGb;
  simulation.world.volumes.changed(volume.id);
}

/** Deletes a volume that no machine holds; 412 otherwise. */
export function deleteVolume(simulation: Simulation, volume: Volume): void {
  if (volume.machine !== undefined)
    throw failedPrecondition(`volume is currently bound to machine: ${volume.machine}`);
  simulation.world.volumes.delete(volume.id);
}

/** Takes a snapshot. */
export function snapshotVolume(simulation: Simulation, volume: Volume): void {
  const id = `vs_${randomBase36(16)}`;
  volume.snapshots.set(id, {
    id,
    createdAtMs: simulation.clock.nowMs(),
    sizeGb: volume.sizeGb,
  });
}

/** The snapshots of a volume on the wire. */
export function snapshotsWire(volume: Volume): JsonObject[] {
  return [...volume.snapshots.values()].map((one) => ({
    id: one.id,
    size: 0,
    volume_size: one.sizeGb * 1024 ** 3,
    digest: `sha256:${one.id}`,
    created_at: new Date(one.createdAtMs).toISOString(),
    status: 'created',
    retention_days: volume.snapshotRetention,
  }));
}

function retentionOf(body: JsonObject): number | undefined {
  const days = numberOf(body, 'snapshot_retention');
  if (days !== undefined && (days < 1 || days > 60))
    throw invalidArgument('snapshot_retention: must be between 1 and 60');
  return days;
}
