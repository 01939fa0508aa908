import { HangarError, readBody } from '@hangar/http';
import { parseMask } from '@hangar/macaroon';
import { Hono, type Context } from 'hono';
import type { Conversation, ExtensionCaller } from '../caller/extensions.ts';
import { setDnsReady } from '../machines/secured/certificates.ts';
import { isObject, type JsonObject } from '../world/json.ts';
import { Refusal } from '../machines/request/refusal.ts';
import type { Simulation } from '../simulation.ts';
import { mintToken } from '../tokens/issuer.ts';
import { seededUsers } from '../world/seed.ts';
import type { StoredObject, Upload } from '../world/storage.ts';
import { Table } from '../world/table.ts';
import { NoWorld } from './whole.ts';
import { setClockOffset } from '../world/world.ts';
import type { Turns } from './turns.ts';
import { bodyAs, ControlRefusal } from './body.ts';
import { lookRoutes } from './look-routes.ts';
import { exchangeWire, extensionWire, inventory } from './inventory.ts';
import {
  billingQuery,
  certificateChange,
  clockChange,
  extensionOrder,
  faultRequest,
  foreignBucket,
  replayRequest,
  tokenRequest,
  updateRequest,
} from './requests.ts';

/** How long an answer over the loopback may take to leave. */
const ANSWER_LEAVES_MS = 50;

/** Objects are in a world, too; beyond this it does not fit into one text anyway. */
const LARGEST_WORLD_BYTES = 256 * 1024 * 1024;

/** `?patience_seconds=`: how long an unanswered change is sent again. */
function patienceOf(c: Context): number | undefined {
  const text = c.req.query('patience_seconds');
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0)
    throw new ControlRefusal(422, 'patience_seconds is not a number');
  return seconds;
}

/** The control surface of the simulation: `/_fly/*`, which the real Fly.io does not have. */
export function controlRoutes(simulation: Simulation, caller: ExtensionCaller, turns: Turns): Hono {
  const routes = new Hono({ strict: false }).basePath('/_fly');
  const { world, clock, faults } = simulation;

  const extension = (id: string) => {
    const found = caller.find(id);
    if (!found) throw new ControlRefusal(404, `there is no extension ${id}`);
    return found;
  };
  const talk = ({ extension: about, answer, exchange }: Conversation): JsonObject => ({
    status: exchange.status,
    extension: about ? extensionWire(about) : undefined,
    body: answer,
    exchange: exchangeWire(exchange),
  });

  routes.get('/', (c) =>
    c.json({
      simulator: 'hangar',
      provider: simulation.settings.provider.baseUrl,
      now: clock.now().toISOString(),
    }),
  );
  routes.get('/inventory', (c) => c.json(inventory(simulation)));
  routes.get('/people', (c) =>
    c.json({
      organizations: [...world.organizations.values()],
      users: seededUsers.map((user) => ({ ...user, roles: Object.fromEntries(user.roles) })),
    }),
  );
  const clockWire = (): JsonObject => ({ now: clock.now().toISOString(), offset_ms: clock.offsetMs() });
  routes.get('/clock', (c) => c.json(clockWire()));
  routes.post('/clock', async (c) => {
    const change = await bodyAs(clockChange, c.req.raw);
    clock.advance(change.advance_seconds * 1000);
    setClockOffset(world, clock.offsetMs());
    return c.json(clockWire());
  });

  routes.get('/extensions', (c) => c.json({ extensions: [...world.extensions.values()].map(extensionWire) }));
  routes.post('/extensions', async (c) => {
    const order = await bodyAs(extensionOrder, c.req.raw);
    const conversation = await caller.provision(order, patienceOf(c));
    // The provider's refusal is not a failure of this surface, but nothing was created either.
    return c.json(talk(conversation), conversation.extension ? 201 : 502);
  });
  routes.get('/extensions/:id', async (c) => {
    const conversation = await caller.show(extension(c.req.param('id')));
    const shown = talk(conversation);
    // What the provider says about its resource wins over what Fly.io remembers of it.
    const said = conversation.exchange.status === 200 && isObject(conversation.json) ? conversation.json : {};
    return c.json({ ...shown, extension: { ...(shown['extension'] as JsonObject), ...said } });
  });
  routes.patch('/extensions/:id', async (c) => {
    const changes = await bodyAs(updateRequest, c.req.raw);
    return c.json(talk(await caller.update(extension(c.req.param('id')), changes, patienceOf(c))));
  });
  routes.delete('/extensions/:id', async (c) =>
    c.json(talk(await caller.remove(extension(c.req.param('id')), patienceOf(c)))),
  );
  routes.get('/extensions/:id/sso', (c) => {
    const { providerId } = extension(c.req.param('id'));
    return c.json({ url: `${simulation.settings.provider.baseUrl}/extensions/${providerId}/sso` });
  });
  routes.get('/organizations/:id/sso', (c) =>
    c.json({ url: `${simulation.settings.provider.baseUrl}/organizations/${c.req.param('id')}/sso` }),
  );

  routes.get('/exchanges', (c) => c.json({ exchanges: [...world.exchanges.values()].map(exchangeWire) }));
  routes.get('/exchanges/:id', (c) => {
    const exchange = world.exchanges.get(c.req.param('id'));
    if (!exchange) throw new ControlRefusal(404, 'there is no such exchange');
    return c.json(exchangeWire(exchange));
  });
  routes.post('/exchanges/:id/replay', async (c) => {
    const exchange = world.exchanges.get(c.req.param('id'));
    if (!exchange) throw new ControlRefusal(404, 'there is no such exchange');
    const change = await bodyAs(replayRequest, c.req.raw);
    return c.json(
      talk(
        await caller.replay(exchange, {
          baseUrl: change.base_url,
          method: change.method,
        }),
      ),
    );
  });
  routes.post('/billing/pull', async (c) =>
    c.json(talk(await caller.charges(await bodyAs(billingQuery, c.req.raw)))),
  );

  routes.get('/webhooks', (c) =>
    c.json({
      webhooks: [...world.webhooks.values()].map(({ receivedAtMs, webhookId, ...one }) => ({
        ...one,
        webhook_id: webhookId ?? null,
        received_at: new Date(receivedAtMs).toISOString(),
      })),
    }),
  );
  routes.get('/events', (c) => c.json({ waiting: [...world.events.values()] }));
  routes.post('/events/idle', async (c) => {
    await simulation.events.idle();
    return c.json({ waiting: world.events.size });
  });
  routes.route('/', lookRoutes(simulation));
  // The internet is not simulated: somebody has to say where the names of a host lead.
  routes.post('/certificates', async (c) => {
    const { hostname, dns_ready: ready } = await bodyAs(certificateChange, c.req.raw);
    const found = [...world.certificates.values()].find((one) => one.hostname === hostname.toLowerCase());
    if (!found) throw new ControlRefusal(404, 'there is no certificate for that host');
    setDnsReady(simulation, found, ready);
    return c.json({ hostname: found.hostname, dns_ready: ready });
  });

  routes.post('/tokens', async (c) => {
    const order = await bodyAs(tokenRequest, c.req.raw);
    const organization = world.organizations.get(order.organization);
    const apps = order.apps?.map((name) => world.apps.get(name)?.number);
    const actions = parseMask(order.actions);
    if (!organization || apps?.includes(undefined) || !actions.ok) {
      throw new ControlRefusal(422, 'there is no such organization or app');
    }
    const token = mintToken(simulation, {
      organization: organization.number,
      apps: apps?.filter((number) => number !== undefined),
      actions: actions.value,
      expiresAtMs: clock.nowMs() + order.expires_in_seconds * 1000,
    });
    return c.json({ token }, 201);
  });
  // Bucket names are global: this one is now somebody else's.
  routes.post('/buckets', async (c) => {
    const { name } = await bodyAs(foreignBucket, c.req.raw);
    if (world.buckets.has(name)) throw new ControlRefusal(409, 'there is such a bucket');
    const nothing = { objects: new Table<StoredObject>(), uploads: new Table<Upload>() };
    world.buckets.set(name, { name, createdAtMs: clock.nowMs(), foreign: true, ...nothing });
    return c.json({ name, foreign: true }, 201);
  });

  routes.get('/faults', (c) => c.json({ faults: faults.list() }));
  routes.post('/faults', async (c) => {
    const { forMs, ...fault } = await bodyAs(faultRequest, c.req.raw);
    const end = forMs === undefined ? {} : { untilMs: clock.nowMs() + forMs };
    return c.json({ fault: faults.add({ ...fault, ...end }) }, 201);
  });
  routes.delete('/faults', (c) => {
    faults.clear();
    return c.json({ faults: [] });
  });
  routes.delete('/faults/:id', (c) => {
    faults.clear(c.req.param('id'));
    return c.json({ faults: faults.list() });
  });
  routes.post('/reset', async (c) => {
    await turns.reset();
    return c.json({ ok: true });
  });
  routes.get('/world', (c) => c.body(turns.snapshot(), 200, { 'content-type': 'application/json' }));
  routes.put('/world', async (c) => {
    await turns.restore(new TextDecoder().decode(await readBody(c.req.raw, LARGEST_WORLD_BYTES, {})));
    return c.json({ ok: true });
  });
  routes.post('/stop', (c) => {
    if (!turns.stop) return c.notFound();
    // Ending cuts every connection, and this answer has to leave first.
    setTimeout(turns.stop, ANSWER_LEAVES_MS);
    return c.json({ ok: true }, 202);
  });
  routes.get('/requests', (c) =>
    c.json({
      requests: simulation.seen
        .list()
        .map(({ atMs, ...one }) => ({ at: new Date(atMs).toISOString(), ...one })),
    }),
  );

  routes.onError((error, c) => {
    if (error instanceof ControlRefusal || error instanceof Refusal) {
      return c.json({ error: error.message }, error.status as 400);
    }
    if (error instanceof HangarError)
      return c.json({ error: error.message }, error.code === 'too_large' ? 413 : 400);
    if (error instanceof NoWorld) return c.json({ error: error.message }, 422);
    if (error instanceof RangeError) return c.json({ error: error.message }, 422);
    simulation.settings.onError(error);
    return c.json({ error: 'the simulator failed' }, 500);
  });
  return routes;
}
