import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MachinesClient, UpstreamHandler } from '@hangar/flyio';
import type { EnvironmentStore, Gateway } from '@hangar/gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDirectServer, recallingVerifier, type Answered } from './direct-server.ts';
import { outage } from './outage.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

let world: World;
let gateway: Gateway;
let server: Awaited<ReturnType<typeof openDirectServer>>;
let machine: string;
let rows: ReturnType<typeof outage>;
/** Runs once, while the row of a workspace is read. */
let meanwhile: (() => Promise<void>) | undefined;
/** What becomes of calls instead. */
let instead: ((handler: UpstreamHandler) => void) | undefined;
let sent = 0;
let dispatched = 0;

const feed = async (): Promise<void> => {
  const task = gateway.tasks.find(({ name }) => name === 'gateway-changes');
  await task?.run(new AbortController().signal);
};

beforeAll(async () => {
  world = await openWorld();
  const store: EnvironmentStore = Object.assign(Object.create(world.store) as EnvironmentStore, {
    workspace: async (number: bigint) => {
      const found = await world.store.workspace(number);
      const run = meanwhile;
      meanwhile = undefined;
      await run?.();
      return found;
    },
  });
  rows = outage(store);
  const machines: MachinesClient = Object.assign(Object.create(world.machines) as MachinesClient, {
    send: async (call: Parameters<MachinesClient['send']>[0]) => {
      sent += 1;
      return await world.machines.send(call);
    },
    dispatch: (...[call, handler]: Parameters<MachinesClient['dispatch']>) => {
      dispatched += 1;
      const answer = instead;
      instead = undefined;
      if (!answer) return world.machines.dispatch(call, handler);
      setImmediate(() => answer(handler));
      return { pause: () => undefined, resume: () => undefined, abort: () => undefined };
    },
  });
  gateway = world.another({
    store: rows.store,
    machines,
    verifier: recallingVerifier(),
    monotonicMs: () => 0,
  });
  server = await openDirectServer(gateway);
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'own' } });
  const made = await world.ask('POST', '/v1/apps/own/machines', { token: world.token, body: plainMachine });
  machine = made.json.id;
  await waitFor(world, 'own', machine, 'started');
  await feed();
});
afterAll(async () => {
  await server.close();
  await world.close();
});

const get = async (target: string, both = true): Promise<Answered> =>
  await server.ask(target, { headers: { authorization: `FlyV1 ${world.token}` }, both });
const ofMachine = () => `/v1/apps/own/machines/${machine}`;

describe('a read on the direct way', () => {
  it.each([
    { afterHead: false, status: 504, code: 'upstream_timeout' },
    { afterHead: true, status: 502, code: 'upstream_failed' },
  ])('that upstream leaves alone is not begun anew: %j', async ({ afterHead, ...told }) => {
    await get(ofMachine());
    const before = sent;
    instead = (handler) => {
      if (afterHead) handler.onHead(200, {});
      handler.onFailure({ tag: 'timeout', detail: 'too late' });
    };
    const answer = await get(ofMachine());
    expect(answer).toMatchObject({ status: told.status, way: 'handed-over' });
    expect(JSON.parse(answer.body)).toMatchObject({ code: told.code });
    expect(sent).toBe(before);
  });

  it('that nobody heard is asked again', async () => {
    await get(ofMachine());
    instead = (handler) => handler.onFailure({ tag: 'unreachable', detail: 'nobody is there' });
    const answer = await get(ofMachine());
    expect(answer).toMatchObject({ status: 200, way: 'handed-over' });
  });

  it('looks at the app once more when the look at it took long', async () => {
    await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'brief' } });
    const target = '/v1/apps/brief/machines';
    meanwhile = async () => {
      world.simulator.clock.advance(501);
      const gone = await world.ask('DELETE', '/v1/apps/brief', { token: world.token });
      expect(gone.status).toBe(202);
    };
    const before = dispatched;
    const answer = await get(target);
    expect(answer.status).toBe(404);
    expect(dispatched).toBe(before);
  });
});

describe('a refusal on the direct way', () => {
  it('that cannot be written ends the connection, not the process', async () => {
    const broken = createServer((incoming, outgoing) => {
      gateway.direct(incoming, outgoing, {
        rawTarget: '/nowhere',
        requestId: 'req-12345678',
        onError: () => {
          throw new Error('broken');
        },
        answered: () => undefined,
        handOver: () => undefined,
      });
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const { port } = broken.address() as AddressInfo;
    await expect(fetch(`http://127.0.0.1:${port}/nowhere`)).rejects.toThrow('fetch failed');
    await new Promise<void>((resolve) => broken.close(() => resolve()));
  });
});

describe('what is seen on the direct way', () => {
  const changeTo = async (verb: string, state: string): Promise<void> => {
    await world.ask('POST', `${ofMachine()}/${verb}`, { token: world.token });
    await waitFor(world, 'own', machine, state);
  };

  it('of a machine alone is not lost when a list shows it too', async () => {
    await get(ofMachine());
    await changeTo('stop', 'stopped');
    expect((await world.store.latestInterval(machine))?.stoppedAt).toBeUndefined();
    expect(await get(ofMachine())).toMatchObject({ status: 200, way: 'direct' });
    instead = (handler) => {
      handler.onHead(200, {});
      handler.onData(Buffer.from(JSON.stringify([{ id: machine, name: 'own', state: 'stopped' }])));
      handler.onEnd();
    };
    expect(await get('/v1/apps/own/machines')).toMatchObject({ status: 200, way: 'direct' });
    await gateway.idle();
    expect((await world.store.latestInterval(machine))?.stoppedAt).toBeInstanceOf(Date);
  });

  it('while the database is away is written when it is back', async () => {
    await get(ofMachine());
    await get(ofMachine());
    await gateway.idle();
    await changeTo('start', 'started');
    await changeTo('stop', 'stopped');
    await changeTo('start', 'started');
    const before = await world.store.latestInterval(machine);
    rows.begin();
    expect(await get(ofMachine())).toMatchObject({ status: 200, way: 'direct' });
    await gateway.idle();
    rows.end();
    expect(await get(ofMachine())).toMatchObject({ status: 200, way: 'direct' });
    await gateway.idle();
    expect((await world.store.latestInterval(machine))?.startedAt).not.toEqual(before?.startedAt);
  });

  it('of a machine that was deleted before it was written down ends with the machine', async () => {
    await get(ofMachine());
    await changeTo('stop', 'stopped');
    await get(ofMachine());
    await gateway.idle();
    const before = await world.store.latestInterval(machine);
    expect(await world.machines.startMachine('own', machine)).toMatchObject({ ok: true });
    await waitFor(world, 'own', machine, 'started');
    expect(await get(ofMachine())).toMatchObject({ status: 200, way: 'direct' });
    const gone = await world.ask('DELETE', `${ofMachine()}?force=true`, { token: world.token });
    expect(gone.status).toBe(200);
    await gateway.idle();
    const latest = await world.store.latestInterval(machine);
    expect(latest?.startedAt).not.toEqual(before?.startedAt);
    expect(latest?.stoppedAt).toBeInstanceOf(Date);
  });
});
