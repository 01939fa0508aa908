import type { Simulation } from '../simulation.ts';
import type { Exchange, Extension } from '../world/extensions.ts';
import type { JsonObject } from '../world/json.ts';
import { machinesShown } from '../machines/machine/wire.ts';

const time = (ms: number): string => new Date(ms).toISOString();

/** Everything that exists at Fly.io and Tigris right now. What is destroyed is not in it, and no secret is. */
export function inventory(simulation: Simulation): JsonObject {
  const { world } = simulation;
  const machines = [...world.machines.values()].filter((one) => one.state !== 'destroyed');
  const apps = [...world.apps.values()].filter((one) => one.goneAtMs === undefined);
  return {
    apps: apps.map((app) => ({
      name: app.name,
      id: app.id,
      internal_numeric_id: app.number,
      org_slug: app.organization,
      network: app.network,
      machine_count: machinesShown(world, app.name).length,
    })),
    machines: machines.map((one) => ({
      id: one.id,
      app: one.app,
      name: one.name,
      state: one.state,
      region: one.region,
      instance_id: one.instanceId,
    })),
    volumes: [...world.volumes.values()].map((one) => ({
      id: one.id,
      app: one.app,
      name: one.name,
      region: one.region,
      size_gb: one.sizeGb,
      attached_machine_id: one.machine ?? null,
    })),
    secrets: apps.flatMap((app) =>
      [...app.secrets.values()].map((secret) => ({
        app: app.name,
        name: secret.name,
        digest: secret.digest,
      })),
    ),
    ips: [...world.addresses.values()].map((one) => ({
      app: one.app,
      ip: one.ip,
      type: one.type,
      network: one.network ?? null,
    })),
    buckets: [...world.buckets.values()]
      .filter((one) => !one.foreign)
      .map((one) => ({
        name: one.name,
        objects: one.objects.size,
        bytes: [...one.objects.values()].reduce((sum, object) => sum + object.size, 0),
        uploads: one.uploads.size,
      })),
    access_keys: [...world.accessKeys.values()].map((one) => ({
      id: one.id,
      name: one.name,
      status: one.active ? 'Active' : 'Inactive',
      policies: [...one.policies],
    })),
    policies: [...world.policies.values()].map((one) => ({ arn: one.arn, name: one.name })),
    extensions: [...world.extensions.values()]
      .filter((one) => !one.deleted)
      .map((one) => ({ id: one.providerId, fly_id: one.id, name: one.name, status: one.status })),
  };
}

/** An extension as the control surface shows it, with the config that the customer's app would get. */
export function extensionWire(extension: Extension): JsonObject {
  return {
    id: extension.providerId,
    fly_id: extension.id,
    name: extension.name,
    organization_id: extension.organizationId,
    user_id: extension.userId,
    status: extension.status,
    fly_app_name: extension.flyAppName ?? null,
    ip_address: extension.ipAddress ?? null,
    config: extension.config,
    deleted: extension.deleted,
    created_at: time(extension.createdAtMs),
  };
}

/** An exchange as the control surface shows it. Answers are kept without the values of `config`. */
export function exchangeWire(exchange: Exchange): JsonObject {
  return {
    id: exchange.id,
    kind: exchange.kind,
    method: exchange.method,
    url: exchange.url,
    status: exchange.status,
    ms: exchange.ms,
    request_bytes: Buffer.byteLength(exchange.body),
    response_bytes: Buffer.byteLength(exchange.response),
    request_headers: exchange.headers,
    request_body: exchange.body,
    response_body: exchange.response,
    sent_at: time(exchange.sentAtMs),
    error: exchange.error ?? null,
    replay_of: exchange.replayOf ?? null,
  };
}
