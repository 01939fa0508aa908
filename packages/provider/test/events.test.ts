import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MachineEvent, MachineEventContext } from '@hangar/provider';
import { Secret } from '@hangar/security';
import { openWorld, type World } from './world/world.ts';

let world: World;
let counter = 0;
let onEvent: (event: MachineEvent, context: MachineEventContext) => Promise<void> = async () => undefined;
const seen: MachineEvent[] = [];

beforeAll(async () => {
  world = await openWorld();
  world.seller.onMachineEvent = async (event, context) => {
    seen.push(event);
    await onEvent(event, context);
  };
});
afterAll(async () => await world.close());

const BODY = {
  machine_id: '5683977ad31768',
  status: 'failed',
  data: { Error: 'image not found', Transition: 'prepareImage' },
};

interface Sent {
  headers?: Record<string, string | undefined>;
  body?: string;
  secret?: string;
  signature?: (hex: string) => string | undefined;
}

/** An event as the Extensions API page shows it, in binary mode. */
async function send(change: Sent = {}, to = world.provider) {
  counter += 1;
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': `event-${counter}`,
    'ce-source': '/fly/machines',
    'ce-type': 'io.fly.machine.starting',
    'content-type': 'application/json',
    ...change.headers,
  };
  const kept = Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const answer = await world.send(
    world.draft({
      method: 'POST',
      path: '/extensions/events',
      // A member that nobody reads: two events of Fly.io's rarely are the same bytes.
      raw: change.body ?? JSON.stringify({ ...BODY, sequence: counter }),
      headers: kept,
      ...(change.secret === undefined ? {} : { secret: change.secret }),
      ...(change.signature === undefined ? {} : { signature: change.signature }),
    }),
    to,
  );
  await to.idle();
  return answer;
}

const stored = async (id: string) =>
  (await world.database.execute('select * from machine_events where event_id = $1', [id])).rows as Record<
    string,
    unknown
  >[];

describe('an event in order', () => {
  test('EVT-01: is thanked for, kept, and handed to the seller', async () => {
    const answer = await send({ headers: { 'ce-id': 'first', 'ce-time': '2026-11-20T11:59:00Z' } });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(seen.at(-1)).toEqual({
      id: 'first',
      source: '/fly/machines',
      type: 'io.fly.machine.starting',
      machineId: '5683977ad31768',
      status: 'failed',
      data: BODY.data,
      time: '2026-11-20T11:59:00Z',
      receivedAt: world.clock.now(),
    });
    expect(await stored('first')).toMatchObject([{ state: 'handled', machine_id: '5683977ad31768' }]);
  });

  test('EVT-05, EVENT-3: twice is one effect, on two replicas too', async () => {
    const before = seen.length;
    const again = { body: JSON.stringify({ ...BODY, status: 'again' }), headers: { 'ce-id': 'again' } };
    for (const to of [world.provider, world.replica(), world.provider]) {
      expect((await send(again, to)).status).toBe(204);
    }
    expect(seen.slice(before).map((event) => event.id)).toEqual(['again']);
  });

  test('EVT-06: in structured mode is the same', async () => {
    const body = JSON.stringify({
      specversion: '1.0',
      id: 'structured',
      source: '/fly',
      type: 'io.fly.machine.stopped',
      data: BODY,
    });
    const none = {
      'ce-specversion': undefined,
      'ce-id': undefined,
      'ce-source': undefined,
      'ce-type': undefined,
    };
    expect(
      (await send({ body, headers: { ...none, 'content-type': 'application/cloudevents+json' } })).status,
    ).toBe(204);
    expect(seen.at(-1)).toMatchObject({
      id: 'structured',
      type: 'io.fly.machine.stopped',
      machineId: '5683977ad31768',
    });
  });

  const bare = {
    'ce-specversion': undefined,
    'ce-id': undefined,
    'ce-source': undefined,
    'ce-type': undefined,
  };
  const structured = async (members: Record<string, unknown>) =>
    await send({
      body: JSON.stringify({ specversion: '1.0', source: '/s', type: 'io.fly.machine.stopped', ...members }),
      headers: { ...bare, 'content-type': 'application/cloudevents+json' },
    });

  test('the data may be in data_base64, and is never lost', async () => {
    const data_base64 = Buffer.from(JSON.stringify(BODY)).toString('base64');
    expect((await structured({ id: 'encoded', data_base64 })).status).toBe(204);
    expect(seen.at(-1)).toMatchObject({ id: 'encoded', machineId: '5683977ad31768', status: 'failed' });
    const before = seen.length;
    expect((await structured({ id: 'e1', data_base64: '***' })).status).toBe(400);
    expect((await structured({ id: 'e2', data_base64, data: BODY })).status).toBe(400);
    expect(
      (await structured({ id: 'e3', data_base64: 'aGVsbG8=', datacontenttype: 'application/json' })).status,
    ).toBe(400);
    expect(seen).toHaveLength(before);
  });

  test('EVT-08: header values are unquoted and decoded once', async () => {
    await send({ headers: { 'ce-id': '"a \\"b\\""', 'ce-source': '/caf%C3%A9%2525' } });
    expect(seen.at(-1)).toMatchObject({ id: 'a "b"', source: '/café%25' });
  });

  test.each([
    [
      'EVT-02 of an unknown type',
      { headers: { 'ce-id': 'n1', 'ce-type': 'io.fly.organization.member_removed' } },
      'n1',
    ],
    ['EVT-11 of a year ago', { headers: { 'ce-id': 'n2', 'ce-time': '2025-11-20T12:00:00Z' } }, 'n2'],
  ])('%s is kept and has no effect', async (_, change, id) => {
    const before = seen.length;
    expect((await send(change)).status).toBe(204);
    expect(seen).toHaveLength(before);
    expect(await stored(id)).toHaveLength(1);
  });

  test.each([
    ['null', null],
    ['a list', [1]],
    ['a text', 'x'],
    ['nothing of ours', { other: 1 }],
    ['a NUL', { machine_id: 'a\0', status: 'a\0b', data: { x: 'a\0b\ud800' } }],
  ])('a body that is %s is accepted and not followed', async (_, body) => {
    expect((await send({ body: JSON.stringify(body) })).status).toBe(204);
    expect(seen.at(-1)).toMatchObject({ machineId: undefined, status: undefined });
  });
});

describe('an event that is not in order', () => {
  const none = (name: string) => ({ headers: { [name]: undefined } });
  const cases: [string, Sent, number][] = [
    ['EVT-03 without signature', { signature: () => undefined }, 401],
    ['EVT-03 with a wrong one', { secret: 'somebody-elses-secret' }, 401],
    ['EVT-04 without ce-id', none('ce-id'), 400],
    ['EVT-04 without ce-type', none('ce-type'), 400],
    ['EVT-04 without ce-source', none('ce-source'), 400],
    ['EVT-04 without ce-specversion', none('ce-specversion'), 400],
    ['with an empty ce-id', { headers: { 'ce-id': '' } }, 400],
    ['of version 2.0', { headers: { 'ce-specversion': '2.0' } }, 400],
    ['with ce-datacontenttype', { headers: { 'ce-datacontenttype': 'application/json' } }, 400],
    ['with broken UTF-8 in a header', { headers: { 'ce-id': '%C0%A0' } }, 400],
    ['with a NUL in a header', { headers: { 'ce-id': 'a%00b' } }, 400],
    [
      'EVT-07 in a batch',
      { headers: { 'content-type': 'application/cloudevents-batch+json' }, body: '[]' },
      415,
    ],
    ['EVT-09 not JSON', { body: 'hello' }, 400],
    ['of 65 KiB', { body: JSON.stringify({ pad: 'x'.repeat(66_560) }) }, 413],
  ];
  test.each(cases)('%s is refused', async (_, change, status) => {
    const before = seen.length;
    expect((await send(change)).status).toBe(status);
    expect(seen).toHaveLength(before);
  });

  test('that names an address or a nonce is held to them', async () => {
    const envelope = (change: Record<string, unknown>) =>
      JSON.stringify({
        ...BODY,
        url: 'https://logjam.example/flyio/extensions/events',
        nonce: `nonce-${(counter += 1)}`,
        timestamp: world.clock.seconds(),
        ...change,
      });
    expect(
      (await send({ body: envelope({ url: 'https://evil.example/flyio/extensions/events' }) })).status,
    ).toBe(401);
    expect((await send({ body: envelope({ timestamp: world.clock.seconds() - 1000 }) })).status).toBe(401);
    const body = envelope({});
    expect((await send({ body })).status).toBe(204);
    expect((await send({ body })).status).toBe(401);
  });

  test('a secret of its own can be asked for', async () => {
    const own = world.replica({ eventsSecrets: [Secret.of('a-secret-for-events-only')] });
    expect((await send({}, own)).status).toBe(401);
    expect((await send({ secret: 'a-secret-for-events-only' }, own)).status).toBe(204);
  });
});

test('EVT-10: events is neither a creation nor a resource', async () => {
  const before = world.seller.calls.length;
  await send();
  expect(world.seller.calls).toHaveLength(before);
  const answer = await world.send(world.draft({ method: 'GET', path: '/extensions/events' }));
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
});

describe("the seller's code", () => {
  test('may change a status, which Fly.io hears of exactly once', async () => {
    const id = (await world.create()).json['id'] as string;
    onEvent = async (event, context) => {
      if (event.type === 'io.fly.machine.stopped')
        await context.setStatus(id, 'suspended', event.status ?? undefined);
    };
    const stop = {
      body: JSON.stringify(BODY),
      headers: { 'ce-type': 'io.fly.machine.stopped', 'ce-id': 'stop' },
    };
    await send(stop);
    await send(stop);
    await send({ headers: { 'ce-type': 'io.fly.machine.stopped', 'ce-id': 'stop-2' } });
    onEvent = async () => undefined;
    const hooks = world.receiver.received.filter((hook) => hook.message.resource['id'] === id);
    expect(hooks).toMatchObject([
      { message: { action: 'resource.updated', resource: { status: 'suspended', status_detail: 'failed' } } },
    ]);
  });

  test('sees an event again when it failed, and not for ever', async () => {
    let failures = 0;
    onEvent = async () => {
      failures += 1;
      throw new Error('cannot look');
    };
    expect((await send({ headers: { 'ce-id': 'stubborn' } })).status).toBe(204);
    for (let round = 0; round < 20; round += 1) {
      world.clock.advance(200);
      await world.run('machine-events');
    }
    onEvent = async () => undefined;
    expect(failures).toBe(6);
    expect(await stored('stubborn')).toMatchObject([{ state: 'given_up' }]);
  });
});

describe('the same signed bytes under other headers, which nobody signed', () => {
  const body = (status: string) => JSON.stringify({ ...BODY, status });
  const rows = async (status: string) =>
    (await world.database.execute('select times, state from machine_events where status = $1', [status]))
      .rows;
  const looks = (status: string) => seen.filter((event) => event.status === status).length;
  const later = async (seconds: number) => {
    world.clock.advance(seconds);
    await world.run('machine-events');
  };

  test('EVENT-4: a hundred times are one row and one look, and one more look when the pause is over', async () => {
    const processes = [world.provider, world.replica()];
    await send({ body: body('captured') });
    const answers = await Promise.all(
      Array.from(
        { length: 99 },
        async (_, index) => await send({ body: body('captured') }, processes[index % 2]),
      ),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([204]));
    expect(await rows('captured')).toEqual([{ times: 100, state: 'waiting' }]);
    expect(looks('captured')).toBe(1);
    await later(4);
    expect(looks('captured')).toBe(1);
    await later(2);
    expect(looks('captured')).toBe(2);
    await later(600);
    expect([looks('captured'), await rows('captured')]).toEqual([2, [{ times: 100, state: 'handled' }]]);
  });

  test('a machine that does the same again is looked at again', async () => {
    await send({ body: body('cycling') });
    world.clock.advance(3_600);
    await send({ body: body('cycling') });
    expect(looks('cycling')).toBe(2);
  });

  test('what comes again during a look is not lost', async () => {
    onEvent = async () => {
      onEvent = async () => undefined;
      world.clock.advance(1);
      const draft = { method: 'POST', path: '/extensions/events', raw: body('overtaken') };
      const headers = {
        'ce-specversion': '1.0',
        'ce-id': 'overtaking',
        'ce-source': '/fly/machines',
        'ce-type': 'io.fly.machine.starting',
        'content-type': 'application/json',
      };
      expect((await world.send(world.draft({ ...draft, headers }))).status).toBe(204);
    };
    await send({ body: body('overtaken') });
    expect(looks('overtaken')).toBe(1);
    await later(6);
    expect(looks('overtaken')).toBe(2);
  });

  test('an id that was used before takes no other event’s place', async () => {
    await send({ body: body('planted'), headers: { 'ce-id': 'contested' } });
    await send({ body: body('genuine'), headers: { 'ce-id': 'contested' } });
    expect([looks('planted'), looks('genuine')]).toEqual([1, 1]);
  });
});
