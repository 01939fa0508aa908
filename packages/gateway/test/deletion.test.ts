import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authority } from '@hangar/authority';
import type { Gateway, GatewayOptions } from '@hangar/gateway';
import { openAuthority, tokenRows } from '../../../test/harness/authority.ts';
import { DELETE_STEPS } from '../src/making/delete-steps.ts';
import { dyingStore } from './dying.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let authority: Authority;
let root: string;
let options: Pick<GatewayOptions, 'verifier' | 'revokeAppTokens'>;

beforeAll(async () => {
  world = await openWorld();
  authority = openAuthority(tokenRows(world.database), () => world.simulator.clock.now());
  options = {
    verifier: authority.verifier,
    revokeAppTokens: async ({ workspace, app }) =>
      void (await authority.tokens.revoke({ workspace, target: { app }, by: 'deletion' })),
  };
  root = await mint();
});
afterAll(async () => await world.close());

async function mint(app?: number): Promise<string> {
  const minted = await authority.tokens.mint({
    workspace: world.workspace.number,
    name: 'test',
    creator: 'test',
    ...(app === undefined
      ? { preset: 'org' as const, expiresInSeconds: 86_400 }
      : { preset: 'app-control' as const, appId: BigInt(app) }),
  });
  return minted.token;
}

async function appWithToken(gateway: Gateway, name: string): Promise<string> {
  const made = await world.ask('POST', '/v1/apps', { token: root, body: { name } }, gateway);
  const token = await mint(made.json.internal_numeric_id);
  expect((await world.ask('GET', `/v1/apps/${name}`, { token }, gateway)).status).toBe(200);
  return token;
}

async function recover(gateway: Gateway): Promise<void> {
  world.simulator.clock.advance(61_000);
  const task = gateway.tasks.find(({ name }) => name === 'gateway-recovery');
  await task?.run(new AbortController().signal);
}

describe('deleting an app', () => {
  it('ends the tokens minted for it, and no others', async () => {
    const gateway = world.another(options);
    const own = await appWithToken(gateway, 'own');
    const other = await appWithToken(gateway, 'other');
    expect((await world.ask('DELETE', '/v1/apps/own', { token: root }, gateway)).status).toBe(202);
    expect(await world.ask('GET', '/v1/apps/own', { token: own }, gateway)).toMatchObject({
      status: 401,
      json: { code: 'token_revoked' },
    });
    expect((await world.ask('GET', '/v1/apps/other', { token: other }, gateway)).status).toBe(200);
    expect((await world.ask('GET', '/v1/apps', { token: root }, gateway)).status).toBe(200);
  });

  it('ends them as well when the process dies anywhere in the middle and another one goes on', async () => {
    const gateway = world.another(options);
    // Two writes a step: the first begins the revocation, the last two end the second one.
    const writes = 2 * DELETE_STEPS.length;
    for (const at of [1, 2, 3, 6, 10, writes - 2, writes, writes + 1]) {
      const name = `crash-${at}`;
      const token = await appWithToken(gateway, name);
      const dying = dyingStore(world.store, [at, 'before']);
      const doomed = world.another({ ...options, store: dying.store });
      await world.ask('DELETE', `/v1/apps/${name}`, { token: root }, doomed);
      dying.expectDead();
      await recover(gateway);
      expect(await world.ask('GET', `/v1/apps/${name}`, { token }, gateway), name).toMatchObject({
        status: 401,
        json: { code: 'token_revoked' },
      });
    }
    expect((await world.inventory()).apps.filter(({ name }) => name.startsWith('crash-'))).toEqual([]);
  }, 60_000);

  it('ends them when its lifetime is over, and when the extension is deprovisioned', async () => {
    const gateway = world.another(options);
    const made = await world.ask(
      'POST',
      '/hangar/v1/environments',
      { token: root, body: { name: 'brief', ttl: '1h' } },
      gateway,
    );
    const brief = await mint(Number((await world.store.environment(made.json.id))?.numericId));
    const longer = await appWithToken(gateway, 'longer');
    world.simulator.clock.advance(3_601_000);
    const expiry = gateway.tasks.find(({ name }) => name === 'gateway-expiry');
    await expiry?.run(new AbortController().signal);
    const read = async (name: string, token: string) =>
      await world.ask('GET', `/v1/apps/${name}`, { token }, gateway);
    expect(await read('brief', brief)).toMatchObject({ status: 401, json: { code: 'token_revoked' } });
    expect((await read('longer', longer)).status).toBe(200);
    await gateway.environments.deleteAll(world.workspace.number);
    await world.database.execute('update gateway_workspaces set closed_at = null');
    expect(await read('longer', longer)).toMatchObject({ status: 401, json: { code: 'token_revoked' } });
  });

  it('ends those too that were minted while it went on', async () => {
    let late = '';
    const gateway = world.another({
      ...options,
      store: {
        ...world.store,
        closeMachines: async (environment, at) => {
          const row = await world.store.environment(environment);
          late = await mint(Number(row?.numericId));
          await world.store.closeMachines(environment, at);
        },
      },
    });
    await appWithToken(gateway, 'slow');
    expect((await world.ask('DELETE', '/v1/apps/slow', { token: root }, gateway)).status).toBe(202);
    expect(await world.ask('GET', '/v1/apps/slow', { token: late }, gateway)).toMatchObject({
      status: 401,
      json: { code: 'token_revoked' },
    });
  });
});
