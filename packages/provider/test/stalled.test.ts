import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenHere, stallRequest } from '../../../test/harness/stalled-request.ts';
import { openWorld, order, SECRET, type World } from './world/world.ts';

/** Signed requests whose last byte comes after the time that their signature is good for. */

let world: World;
let server: Awaited<ReturnType<typeof listenHere>>;
let existing: string;

beforeAll(async () => {
  world = await openWorld();
  server = await listenHere(world.provider);
  existing = (await world.create()).json.id;
});
afterAll(async () => {
  await server.close(0);
  await world.close();
});

const EVENT = {
  'ce-specversion': '1.0',
  'ce-id': 'stalled',
  'ce-source': '/fly/machines',
  'ce-type': 'io.fly.machine.started',
};

interface Case {
  readonly method: string;
  readonly path: () => string;
  readonly members: () => Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

const cases: Record<string, Case> = {
  'POST /extensions': { method: 'POST', path: () => '/extensions', members: () => order() },
  'PATCH /extensions/:id': {
    method: 'PATCH',
    path: () => `/extensions/${existing}`,
    members: () => ({ read_regions: ['fra'] }),
  },
  'POST /extensions/events': {
    method: 'POST',
    path: () => '/extensions/events',
    members: () => ({ machine_id: '5683977ad31768', status: 'started' }),
    headers: EVENT,
  },
  'DELETE /extensions/:id': { method: 'DELETE', path: () => `/extensions/${existing}`, members: () => ({}) },
};

let counter = 0;

/** A request signed now. Where the query is what is signed, a body is there all the same, for it to stall. */
async function stall({ method, path, members, headers }: Case) {
  const envelope = {
    url: `https://logjam.example/flyio${path()}`,
    nonce: `stalled-nonce-${(counter += 1)}`,
    timestamp: world.clock.seconds(),
  };
  const inBody = method !== 'DELETE';
  const signed = inBody
    ? JSON.stringify({ ...members(), ...envelope })
    : new URLSearchParams(Object.entries(envelope).map(([name, value]) => [name, String(value)])).toString();
  return await stallRequest({
    port: server.port,
    method,
    target: `/flyio${path()}${inBody ? '' : `?${signed}`}`,
    headers: { 'x-signature': createHmac('sha256', SECRET).update(signed).digest('hex'), ...headers },
    body: inBody ? signed : '{}',
  });
}

async function standing(): Promise<unknown> {
  const { execute } = world.database;
  return [
    (await execute('select id, status, read_regions, updated_at from extensions order by id')).rows,
    (await execute('select count(*)::int as events from machine_events')).rows,
    world.seller.calls.length,
  ];
}

describe.each(Object.entries(cases))('%s, whose body stalls', (_, row) => {
  test('past the end of its window is refused and has no effect', async () => {
    const stalled = await stall(row);
    // Whoever judges by the head has done so by now.
    expect((await world.get(existing)).status).toBe(200);
    world.clock.advance(301);
    const before = await standing();
    expect((await stalled.finish()).status).toBe(401);
    expect(await standing()).toEqual(before);
  });

  test('while its nonce is used by the whole request is refused', async () => {
    if (row.method === 'DELETE') return;
    const stalled = await stall(row);
    counter -= 1;
    const other = await stall(row);
    expect((await other.finish()).status).toBeLessThan(300);
    const before = await standing();
    expect((await stalled.finish()).status).toBe(401);
    expect(await standing()).toEqual(before);
  });
});
