import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { control, flaps, foreignToken, stage, type Stage } from './world.ts';

async function machine(on: Stage, skip_launch = false): Promise<string> {
  const call = flaps(on);
  await call('POST', '/apps', { app_name: 'hf-u8123', org_slug: 'operator' });
  const id = (await call('POST', '/apps/hf-u8123/machines', { config: { image: 'a' }, skip_launch })).text(
    'id',
  );
  if (!skip_launch) await call('GET', `/apps/hf-u8123/machines/${id}/wait?timeout=10`);
  await control(on)('POST', '/events/idle');
  return id;
}

const states = (on: Stage): string[] =>
  on.provider.received.map((one) => (JSON.parse(one.body) as { status: string }).status);

describe('machine events', () => {
  test('go to nobody when no provider was named', async () => {
    const on = await stage({ provider: {} });
    await machine(on);
    expect([on.simulator.world.events.size, on.simulator.world.exchanges.size]).toEqual([0, 0]);
  });

  test('are signed CloudEvents in binary form', async () => {
    const on = await stage();
    const id = await machine(on, true);
    const [event] = on.provider.received;
    expect(event).toMatchObject({ method: 'POST', target: '/flyio/extensions/events' });
    expect(event?.headers).toMatchObject({
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': expect.stringMatching(/^[0-9A-Z]{26}$/),
      'ce-source': `https://api.machines.dev/v1/apps/hf-u8123/machines/${id}`,
      'ce-type': 'io.fly.machine.created',
      'ce-time': expect.stringMatching(/^\d{4}-/),
      'x-signature': createHmac('sha256', 'hangar-provisioning-secret')
        .update(event?.body ?? '')
        .digest('hex'),
    });
    expect(JSON.parse(event?.body ?? '')).toMatchObject({
      machine_id: id,
      status: 'created',
      data: { app: 'hf-u8123' },
    });
  });

  test('a crash is told once, with its reason', async () => {
    const on = await stage();
    const id = await machine(on);
    const crash = await control(on)('POST', `/machines/${id}/crash`, {
      reason: 'out of memory',
      exit_code: 137,
      oom_killed: true,
    });
    expect(crash.body).toEqual({ id, state: 'failed' });
    await control(on)('POST', '/events/idle');
    expect(states(on)).toEqual(['created', 'starting', 'started', 'failed']);
    expect(JSON.parse(on.provider.received.at(-1)?.body ?? '')).toMatchObject({
      data: {
        Error: 'out of memory',
        exit_event: { exit_code: 137, oom_killed: true, requested_stop: false },
      },
    });
    expect((await control(on)('POST', `/machines/${id}/crash`)).status).toBe(412);
  });

  test('a crash with a restart follows the policy of the machine', async () => {
    const on = await stage();
    const id = await machine(on);
    await control(on)('POST', `/machines/${id}/crash`, { restart: true });
    await flaps(on)('GET', `/apps/hf-u8123/machines/${id}/wait?timeout=10`);
    await control(on)('POST', '/events/idle');
    expect(states(on).slice(3)).toEqual(['stopped', 'starting', 'started']);
  });

  test('wait for a provider that is down, in order, under the same id', async () => {
    const on = await stage();
    let failures = 2;
    on.provider.answer = () => (failures-- > 0 ? { status: 503 } : { status: 204 });
    await machine(on);
    expect(states(on)).toEqual(['created', 'created', 'created', 'starting', 'started']);
    const ids = on.provider.received.map((one) => one.headers['ce-id']);
    expect(new Set(ids).size).toBe(3);
  });

  test('are given up after a few tries, and the next one goes on', async () => {
    const on = await stage();
    on.provider.answer = (request) => ({
      status: request.headers['ce-type'] === 'io.fly.machine.created' ? 500 : 204,
    });
    const call = flaps(on);
    await call('POST', '/apps', { app_name: 'hf-u8123', org_slug: 'operator' });
    await call('POST', '/apps/hf-u8123/machines', { config: { image: 'a' } });
    while (!states(on).includes('started')) {
      on.simulator.clock.advance(30_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(states(on).filter((state) => state === 'created').length).toBe(7);
  });

  test('are not tried again when the provider refuses them', async () => {
    const on = await stage();
    on.provider.answer = () => ({ status: 401 });
    await machine(on, true);
    expect(on.provider.received).toHaveLength(1);
  });

  test("are not sent for another organization's machines", async () => {
    const on = await stage();
    const call = flaps(on, foreignToken);
    await call('POST', '/apps', { app_name: 'foreign', org_slug: 'low-flyers' });
    const id = (await call('POST', '/apps/foreign/machines', { config: { image: 'a' } })).text('id');
    await call('GET', `/apps/foreign/machines/${id}/wait?timeout=10`);
    await control(on)('POST', '/events/idle');
    expect(on.provider.received).toEqual([]);
  });

  test('arrive twice, late or never when a fault says so', async () => {
    const on = await stage();
    await control(on)('POST', '/faults', { door: 'events', kind: 'duplicate' });
    await control(on)('POST', '/faults', { door: 'events', kind: 'drop', skip: 1 });
    await machine(on);
    expect((await control(on)('GET', '/faults')).at('faults')).toEqual([]);
    expect(states(on)).toEqual(['created', 'created', 'started']);
    expect(on.provider.received[0]?.headers['ce-id']).toBe(on.provider.received[1]?.headers['ce-id']);
  });
});
