import { verifySignature } from '@hangar/security';
import { Hono } from 'hono';
import { ulid } from '../ids.ts';
import { isObject, type JsonObject } from '../world/json.ts';
import type { Simulation } from '../simulation.ts';
import { takeOver, type ReceivedWebhook } from '../world/extensions.ts';

const ACTIONS: ReadonlySet<string> = new Set(['resource.created', 'resource.updated', 'resource.deleted']);

/** A webhook is current when its timestamp is at most this far from Fly.io's clock. */
const WINDOW_SECONDS = 300;

/** How many webhooks are remembered. */
const REMEMBERED_WEBHOOKS = 500;

type Reading =
  | {
      readonly verified: true;
      readonly action: string;
      readonly resource: JsonObject;
      readonly timestamp: string;
    }
  | { readonly verified: false; readonly status: number; readonly reason: string };

/** Fly.io's receiver of webhooks (docs/specs/extensions.md#webhooks): `POST /api/hooks/extensions/{slug}`. */
export function hookRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  const { world, clock, settings } = simulation;

  const read = (bytes: Uint8Array, signature: string | null): Reading => {
    const verdict = verifySignature([settings.provider.webhookSecret], bytes, signature);
    if (!verdict.ok) return { verified: false, status: 401, reason: verdict.reason.tag };
    let message: unknown;
    try {
      message = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch {
      return { verified: false, status: 400, reason: 'not_json' };
    }
    if (!isObject(message)) return { verified: false, status: 400, reason: 'not_an_object' };
    const { action, resource } = message;
    // The Extensions API page writes the timestamp of its requests as a number and that of a webhook as text: both are taken.
    const timestamp =
      typeof message['timestamp'] === 'number' ? String(message['timestamp']) : message['timestamp'];
    if (typeof timestamp !== 'string' || !/^\d{10}$/.test(timestamp)) {
      return { verified: false, status: 422, reason: 'timestamp_malformed' };
    }
    if (Math.abs(clock.nowMs() / 1000 - Number(timestamp)) > WINDOW_SECONDS) {
      return { verified: false, status: 401, reason: 'timestamp_stale' };
    }
    if (typeof action !== 'string' || !ACTIONS.has(action))
      return { verified: false, status: 422, reason: 'action_unknown' };
    if (!isObject(resource) || typeof resource['id'] !== 'string') {
      return { verified: false, status: 422, reason: 'resource_without_id' };
    }
    return { verified: true, action, resource, timestamp };
  };

  routes.post('/api/hooks/extensions/:slug', async (c) => {
    const slug = c.req.param('slug');
    if (slug !== settings.provider.slug) return c.json({ error: 'Not found' }, 404);
    const reading = read(new Uint8Array(await c.req.arrayBuffer()), c.req.header('x-signature') ?? null);
    const webhookId = c.req.header('webhook-id');
    const received: ReceivedWebhook = {
      id: ulid(clock.nowMs()),
      slug,
      receivedAtMs: clock.nowMs(),
      webhookId,
      ...(reading.verified
        ? { verified: true, action: reading.action, resource: reading.resource, timestamp: reading.timestamp }
        : { verified: false, reason: reading.reason }),
    };
    world.webhooks.set(received.id, received);
    const oldest = world.webhooks.keys().next();
    if (world.webhooks.size > REMEMBERED_WEBHOOKS && !oldest.done) world.webhooks.delete(oldest.value);
    if (!reading.verified) return c.json({ error: reading.reason }, reading.status as 401);
    learn(simulation, reading.action, reading.resource);
    return c.json({ ok: true });
  });
  return routes;
}

/** Takes over what the provider says about its resource. */
function learn(simulation: Simulation, action: string, resource: JsonObject): void {
  const { world, clock } = simulation;
  const providerId = String(resource['id']);
  const known = [...world.extensions.values()].find((one) => one.providerId === providerId);
  if (known) {
    takeOver(known, resource);
    if (action === 'resource.deleted') Object.assign(known, { deleted: true, status: 'deleted' });
    world.extensions.changed(known.id);
    return;
  }
  if (action !== 'resource.created') return;
  world.extensions.set(providerId, {
    id: providerId,
    providerId,
    name: typeof resource['name'] === 'string' ? resource['name'] : providerId,
    organizationId: typeof resource['organization_id'] === 'string' ? resource['organization_id'] : '',
    userId: typeof resource['user_id'] === 'string' ? resource['user_id'] : '',
    createdAtMs: clock.nowMs(),
    status: typeof resource['status'] === 'string' ? resource['status'] : 'ready',
    config: {},
    deleted: false,
  });
}
