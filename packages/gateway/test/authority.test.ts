import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  execLimitCaveat,
  narrowTokens,
  sourceCaveat,
  spendCaveat,
  type Authority,
  type MintRequest,
} from '@hangar/authority';
import { Action, decodeToken, LOCATIONS, privateCaveat, verify, type Caveat } from '@hangar/macaroon';
import type { Gateway } from '@hangar/gateway';
import { openAuthority, tokenRows } from '../../../test/harness/authority.ts';
import { openWorld, plainMachine, waitFor, type Ask, type World } from './world.ts';

let world: World;
let authority: Authority;
let gateway: Gateway;
let token: string;
let machine: string;

const meters = { take: () => true };
const mint = async (more: Partial<MintRequest> = {}): Promise<string> => {
  const wanted = {
    workspace: world.workspace.number,
    preset: 'org' as const,
    name: 'test',
    creator: 'test',
    expiresInSeconds: 3600,
  };
  return (await authority.tokens.mint({ ...wanted, ...more })).token;
};
const narrowed = (text: string, ...caveats: Caveat[]): string => {
  const result = narrowTokens(text, caveats, LOCATIONS.permission);
  if (!result.ok) throw new Error(result.reason.tag);
  return result.value;
};
const ask = async (method: string, target: string, more: Ask = {}) =>
  await world.ask(method, target, { token, ...more }, gateway);

beforeAll(async () => {
  world = await openWorld();
  authority = openAuthority(tokenRows(world.database), () => world.simulator.clock.now());
  gateway = world.another({ verifier: authority.verifier });
  token = await mint();
  await ask('POST', '/v1/apps', { body: { name: 'own' } });
  machine = (await ask('POST', '/v1/apps/own/machines', { body: plainMachine })).json.id;
  await waitFor(world, 'own', machine, 'started');
});
afterAll(async () => await world.close());

const at = (verb: string) => `/v1/apps/own/machines/${machine}/${verb}`;

describe('with tokens of the authority, the gateway', () => {
  it('takes a child that was narrowed offline, and refuses it again once its branch is revoked', async () => {
    const [app] = (await ask('GET', '/v1/apps')).json.apps;
    const oneApp: Caveat = {
      type: 'Apps',
      apps: new Map([[BigInt(app?.internal_numeric_id ?? 0), Action.read | Action.control]]),
    };
    const child = narrowed(token, oneApp);
    const brother = narrowed(token, { type: 'Action', mask: Action.read }, oneApp);
    expect((await ask('POST', at('stop'), { token: child })).status).toBe(200);
    expect(await ask('DELETE', '/v1/apps/own', { token: child })).toMatchObject({
      status: 403,
      json: { code: 'caveat_denied' },
    });
    const branch = (await authority.verifier.verify(`FlyV1 ${child}`)) as { value: { branch: string } };
    await authority.tokens.revoke({
      workspace: world.workspace.number,
      target: { branches: [{ digest: branch.value.branch }] },
      by: 'test',
    });
    expect(await ask('GET', at('events'), { token: child })).toMatchObject({
      status: 401,
      json: { code: 'token_revoked' },
    });
    expect((await ask('GET', at('events'), { token: brother })).status).toBe(200);
    expect((await ask('GET', at('events'))).status).toBe(200);
  });

  it('says where the missing discharge is to be had', async () => {
    const login = await mint({ requireLogin: true });
    const answer = await ask('GET', '/v1/apps', { token: login });
    expect(answer).toMatchObject({
      status: 401,
      json: { code: 'discharge_required', location: 'https://hangar.example/discharge' },
    });
  });

  it('tells caveats about the origin where a request came from', async () => {
    const office = narrowed(token, privateCaveat(sourceCaveat, { cidrs: ['203.0.113.0/24'] }));
    expect((await ask('GET', at('events'), { token: office, remoteAddress: '203.0.113.9' })).status).toBe(
      200,
    );
    expect((await ask('GET', at('events'), { token: office, remoteAddress: '198.51.100.9' })).status).toBe(
      403,
    );
    expect((await ask('GET', at('events'), { token: office })).status).toBe(403);
    expect(
      (await ask('GET', '/v1/apps', { token: office, remoteAddress: '203.0.113.9' })).json.apps,
    ).toHaveLength(1);
  });

  it('keeps command runs within the bounds of the caveat', async () => {
    const bounded = narrowed(
      token,
      privateCaveat(execLimitCaveat(meters), { timeoutSeconds: 5, maxOutputBytes: 8, perMinute: 60 }),
    );
    await ask('POST', at('start'));
    await waitFor(world, 'own', machine, 'started');
    const run = async (more: object) =>
      await ask('POST', at('exec'), { token: bounded, body: { cmd: 'echo 0123456789', ...more } });
    expect((await run({ timeout: 6 })).status).toBe(403);
    expect((await run({ max_output_bytes: 9 })).status).toBe(403);
    // What the caller leaves open is bounded by the caveat: stock clients have no word for output.
    const done = await run({});
    expect(done).toMatchObject({ status: 200, json: { stdout: '01234567', truncated: true } });
    expect((await run({ max_output_bytes: 4 })).json).toMatchObject({ stdout: '0123', truncated: true });
  });

  it('lets a token without any budget left stop and look, but not start or make', async () => {
    const broke = narrowed(
      token,
      privateCaveat(spendCaveat(meters), { amount: 0, currency: 'USD', period: 'month' }),
    );
    expect((await ask('POST', at('stop'), { token: broke })).status).toBe(200);
    expect((await ask('GET', at('events'), { token: broke })).status).toBe(200);
    expect((await ask('POST', at('start'), { token: broke })).status).toBe(403);
    expect((await ask('POST', '/v1/apps/own/machines', { token: broke, body: plainMachine })).status).toBe(
      403,
    );
  });

  it('takes from a header with tokens of two workspaces the one that owns the app', async () => {
    const other = await world.openWorkspace('ext-2');
    const foreign = await mint({ workspace: other.number });
    expect((await ask('GET', at('events'), { token: foreign })).status).toBe(404);
    expect((await ask('GET', at('events'), { token: `${foreign},${token}` })).status).toBe(200);
    expect((await ask('GET', '/v1/apps/own', { token: foreign })).status).toBe(403);
  });

  it('lets nobody in after the workspace was revoked', async () => {
    await authority.tokens.revokeWorkspace(world.workspace.number);
    expect((await ask('GET', '/v1/apps')).status).toBe(401);
    const macaroon = decodeToken(token);
    expect(macaroon.ok && verify(macaroon.value, { key: new Uint8Array(32) }).ok).toBe(false);
  });
});
