import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '@hangar/gateway';
import { NAME_HOLD_MS } from '../src/making/name-hold.ts';
import { mintToken } from './verifier.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let stranger: string;
beforeAll(async () => {
  world = await openWorld();
  stranger = mintToken((await world.openWorkspace('ext-stranger')).number);
});
afterAll(async () => await world.close());

const create = async (name: string, token: string, gateway = world.gateway) =>
  await world.ask('POST', '/v1/apps', { token, body: { name } }, gateway);
const remove = async (name: string, token: string) =>
  expect((await world.ask('DELETE', `/v1/apps/${name}`, { token })).status).toBe(202);

describe('the name of an environment that is gone', () => {
  it.each([
    ['apps.create', '/v1/apps'],
    ['environments.create', '/hangar/v1/environments'],
  ])('is held against other workspaces for 120 s, in %s', async (route, target) => {
    const name = route.replace('.', '-');
    const ask = async (token: string) => await world.ask('POST', target, { token, body: { name } });
    expect((await ask(world.token)).status).toBe(201);
    await remove(name, world.token);
    world.simulator.clock.advance(NAME_HOLD_MS - 5_000);
    expect(await ask(stranger)).toMatchObject({ status: 422, json: { code: 'name_taken' } });
    expect((await world.inventory()).apps.filter((app) => app.name === name)).toEqual([]);
    world.simulator.clock.advance(5_001);
    expect((await ask(stranger)).status).toBe(201);
    await remove(name, stranger);
  });

  it('is free at once for its own workspace, and what that does with it counts anew', async () => {
    expect((await create('again', world.token)).status).toBe(201);
    await remove('again', world.token);
    expect((await create('again', world.token)).status).toBe(201);
    world.simulator.clock.advance(NAME_HOLD_MS + 1);
    await remove('again', world.token);
    expect((await create('again', stranger)).json.code).toBe('name_taken');
  });

  it('is held after a creation that was undone, too', async () => {
    await world.machines.createApp({ name: 'undone', org_slug: 'operator', network: 'strangers' });
    expect((await create('undone', world.token)).json.code).toBe('name_taken');
    await world.machines.deleteApp('undone');
    expect((await create('undone', stranger)).json.code).toBe('name_taken');
    world.simulator.clock.advance(NAME_HOLD_MS + 1);
    expect((await create('undone', stranger)).status).toBe(201);
  });

  it('goes to nobody else while deletion and creation race in two processes', async () => {
    const other = world.another({ policy: { ...DEFAULT_POLICY, maxEnvironments: 5 } });
    for (let round = 0; round < 5; round += 1) {
      const name = `raced-${round}`;
      expect((await create(name, world.token)).status).toBe(201);
      const tries = async (token: string) =>
        await Promise.all(Array.from({ length: 6 }, () => create(name, token, other)));
      const [, theirs] = await Promise.all([remove(name, world.token), tries(stranger)]);
      for (const { status, json } of [...theirs, ...(await tries(stranger))])
        expect([status, json.code]).toEqual([422, 'name_taken']);
    }
  });
});
