import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withFault } from '../../../test/harness/mishaps.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

let world: World;
let machine: string;
beforeAll(async () => {
  world = await openWorld();
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'own' } });
  const made = await world.ask('POST', '/v1/apps/own/machines', {
    token: world.token,
    body: { config: { ...plainMachine.config, guest: { cpu_kind: 'shared', cpus: 2, memory_mb: 1024 } } },
  });
  machine = made.json.id;
  await waitFor(world, 'own', machine, 'started');
});
afterAll(async () => await world.close());

const hours = (count: number) => world.simulator.clock.advance(count * 3_600_000);
const sum = (records: readonly { meter: string; quantity: number }[], meter: string) =>
  records.filter((record) => record.meter === meter).reduce((total, { quantity }) => total + quantity, 0);

describe('EVENT-2: a machine event', () => {
  it('is taken as a hint: the machine is read again, and the power of the workspace follows', async () => {
    const first = await world.gateway.environments.observe({ machine_id: machine });
    expect(first).toMatchObject({
      power: 'running',
      workspacePower: 'running',
      workspace: { number: world.workspace.number },
    });
    // An event that claims something else changes nothing.
    const forged = { machine_id: machine, status: 'destroyed' };
    expect(await world.gateway.environments.observe(forged)).toMatchObject({ power: 'running' });
    expect(await world.gateway.environments.observe({ machine_id: '00000000000000' })).toBeUndefined();
  });

  it('of a machine that is not known yet is looked for in the organization', async () => {
    const direct = await world.machines.createMachine('own', {
      config: { image: 'drift' },
      skip_launch: true,
    });
    if (!direct.ok) throw new Error('not made');
    expect(await world.gateway.environments.observe({ machine_id: direct.value.id })).toMatchObject({
      power: 'running',
    });
    expect((await world.store.machine(direct.value.id))?.state).toBe('created');
    await world.machines.deleteMachine('own', direct.value.id, { force: true });
  });

  it('with the mark of an environment that is gone takes in nothing of who has its name now', async () => {
    await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'passed-on' } });
    const gone = (await world.store.environmentNamed('passed-on'))?.id ?? '';
    await world.ask('DELETE', '/v1/apps/passed-on', { token: world.token });
    await world.machines.createApp({ name: 'passed-on', org_slug: 'operator', network: 'theirs' });
    const make = async (metadata: Record<string, string>) => {
      const made = await world.machines.createMachine('passed-on', {
        config: { image: 'theirs', metadata },
        skip_launch: true,
      });
      if (!made.ok) throw new Error('not made');
      return made.value.id;
    };
    const theirs = await make({});
    await world.gateway.environments.observe({ machine_id: await make({ hangar_env: gone }) });
    expect(await world.store.machine(theirs)).toBe(undefined);
    await world.machines.deleteApp('passed-on');
  });

  it('is looked for on every page of the organization, and not on the first one only', async () => {
    await world.machines.createApp({ name: 'crowd', org_slug: 'operator', network: 'crowd' });
    const wanted = { config: { image: 'drift' }, skip_launch: true };
    for (let made = 0; made < 5; made += 1) await world.machines.createMachine('crowd', wanted);
    world.simulator.clock.advance(1000);
    const last = await world.machines.createMachine('own', wanted);
    if (!last.ok) throw new Error('not made');
    let pages = 0;
    const small: World['machines'] = {
      ...world.machines,
      async send(call) {
        const path = call.path.replace('limit=1000', 'limit=2');
        if (path !== call.path) pages += 1;
        return await world.machines.send({ ...call, path });
      },
    };
    const gateway = world.another({ machines: small });
    expect(await gateway.environments.observe({ machine_id: last.value.id })).toMatchObject({
      workspace: { number: world.workspace.number },
    });
    expect(pages).toBeGreaterThan(2);
    expect((await world.store.machine(last.value.id))?.state).toBe('created');
    await world.machines.deleteMachine('own', last.value.id, { force: true });
    await world.machines.deleteApp('crowd');
  });

  it('is kept for later while the organization cannot be read', async () => {
    const page = { door: 'machines', method: 'GET', route: '/v1/orgs/*/machines' } as const;
    const unknown = async () => await world.gateway.environments.observe({ machine_id: '00000000000000' });
    await withFault(world.simulator, { ...page, kind: 'status', status: 500 }, async () => {
      await expect(unknown()).rejects.toMatchObject({ code: 'upstream_failed' });
    });
    expect(await unknown()).toBeUndefined();
  });
});

describe('usage', () => {
  it('BIL-10: accrues while a machine runs, stops with it, and is the same however often events come', async () => {
    const from = world.simulator.clock.now();
    hours(2);
    await world.ask('POST', `/v1/apps/own/machines/${machine}/stop`, { token: world.token });
    await waitFor(world, 'own', machine, 'stopped');
    for (let times = 0; times < 3; times += 1) {
      expect(await world.gateway.environments.observe({ machine_id: machine })).toMatchObject({
        power: 'stopped',
      });
    }
    hours(3);
    const to = world.simulator.clock.now();
    const wanted = { workspace: world.workspace.number, from, to };
    const records = await world.gateway.environments.usage(wanted);
    // Two hours of two processors and one GiB; the milliseconds are those of stopping.
    expect(sum(records, 'compute.vcpu_seconds')).toBeGreaterThanOrEqual(14_400);
    expect(sum(records, 'compute.vcpu_seconds')).toBeLessThan(14_420);
    expect(sum(records, 'compute.memory_gib_seconds')).toBeCloseTo(
      sum(records, 'compute.vcpu_seconds') / 2,
      6,
    );
    expect(records.every(({ confidence }) => confidence === 'exact')).toBe(true);
    expect(await world.gateway.environments.usage(wanted)).toEqual(records);
    const seen = await world.ask(
      'GET',
      `/hangar/v1/usage?from=${from.toISOString()}&to=${to.toISOString()}`,
      { token: world.token },
    );
    expect(seen.json.rows.map((row) => row.id)).toEqual(records.map(({ id }) => id));
  });

  it('counts what ran unseen: the sweep finds machines that no event told of', async () => {
    const from = world.simulator.clock.now();
    await world.machines.startMachine('own', machine);
    await world.machines.waitForMachine('own', machine, { state: 'started', timeoutSeconds: 10 });
    hours(1);
    const sweep = world.gateway.tasks.find(({ name }) => name === 'gateway-power');
    await sweep?.run(new AbortController().signal);
    const records = await world.gateway.environments.usage({
      workspace: world.workspace.number,
      from,
      to: world.simulator.clock.now(),
    });
    expect(sum(records, 'compute.vcpu_seconds')).toBeGreaterThan(7100);
  });

  it('ends with the app, stays to be billed, and belongs to its workspace only', async () => {
    const from = world.simulator.clock.now();
    hours(1);
    expect((await world.ask('DELETE', '/v1/apps/own', { token: world.token })).status).toBe(202);
    hours(5);
    const to = world.simulator.clock.now();
    const records = await world.gateway.environments.usage({ workspace: world.workspace.number, from, to });
    expect(sum(records, 'compute.vcpu_seconds')).toBeGreaterThanOrEqual(7200);
    expect(sum(records, 'compute.vcpu_seconds')).toBeLessThan(7220);
    const span = `from=${from.toISOString()}&to=${to.toISOString()}`;
    const seen = await world.ask('GET', `/hangar/v1/usage?${span}`, { token: world.token });
    expect(seen.json.rows).toHaveLength(records.length);
    // News of the machine that comes in after its end does not make it run again.
    const late = { machine, environment: records[0]?.environment ?? '', stoppedAt: undefined, exact: true };
    const guest = { cpuKind: 'shared', cpus: 2, memoryMb: 1024 };
    const row = await world.store.machine(machine);
    if (!row) throw new Error('no machine');
    await world.store.saveMachine(row, [{ ...late, guest, startedAt: new Date(from.getTime() + 7_200_000) }]);
    const again = await world.gateway.environments.usage({ workspace: world.workspace.number, from, to });
    expect(sum(again, 'compute.vcpu_seconds')).toBe(sum(records, 'compute.vcpu_seconds'));
    const stranger = await world.openWorkspace('ext-2');
    expect(await world.gateway.environments.usage({ workspace: stranger.number, from, to })).toEqual([]);
    expect((await world.ask('GET', '/hangar/v1/usage?from=yesterday', { token: world.token })).status).toBe(
      422,
    );
  });
});
