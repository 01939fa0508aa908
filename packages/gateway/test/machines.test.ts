import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Action, type Caveat } from '@hangar/macaroon';
import { readGatewayAudit } from '../../store/src/adapters/gateway/audit.ts';
import { mintToken } from './verifier.ts';
import { openWorld, plainMachine, waitFor, type Ask, type World } from './world.ts';

let world: World;
let machine: string;
let appNumber: bigint;
let otherMachine: string;

const ask = async (method: string, target: string, more: Ask = {}) =>
  await world.ask(method, target, { token: world.token, ...more });

async function createMachine(app: string): Promise<string> {
  const made = await ask('POST', `/v1/apps/${app}/machines`, { body: plainMachine });
  expect(made.status).toBe(200);
  await waitFor(world, app, made.json.id, 'started');
  return made.json.id;
}

beforeAll(async () => {
  world = await openWorld();
  const made = await ask('POST', '/v1/apps', { body: { name: 'own' } });
  appNumber = BigInt(made.json.internal_numeric_id);
  await ask('POST', '/v1/apps', { body: { name: 'other' } });
  machine = await createMachine('own');
  otherMachine = await createMachine('other');
});
afterAll(async () => await world.close());

const narrow = (...caveats: Caveat[]) =>
  mintToken(world.workspace.number, [
    { type: 'Apps', apps: new Map([[appNumber, Action.read | Action.control]]) },
    ...caveats,
  ]);

describe('a machine', () => {
  it('carries the marks of the gateway upstream, and not on its way back', async () => {
    const seen = await ask('GET', `/v1/apps/own/machines/${machine}`);
    expect(seen.status).toBe(200);
    expect(seen.json.config.metadata ?? {}).toEqual({});
    expect(seen.headers.get('hangar-environment')).toMatch(/^env_/);
    expect(seen.headers.get('hangar-request-id')).toMatch(/^req-/);
    expect(seen.headers.get('server')).toBeNull();
    expect(seen.headers.get('via')).toBeNull();
    const upstream = await world.machines.getMachine('own', machine);
    expect(upstream.ok && upstream.value.config?.metadata).toMatchObject({
      hangar_install: 'i1',
      hangar_env: seen.headers.get('hangar-environment'),
    });
    const [listed] = (await ask('GET', '/v1/apps/own/machines')).json;
    expect(listed?.config.metadata ?? {}).toEqual({});
    const versions = await ask('GET', `/v1/apps/own/machines/${machine}/versions`);
    expect(JSON.stringify(versions.json)).not.toContain('hangar_');
  });

  it('is started, stopped, suspended and restarted with read and control on its app, but not deleted', async () => {
    const token = narrow();
    const act = async (verb: string, body?: unknown) =>
      await ask('POST', `/v1/apps/own/machines/${machine}/${verb}`, { token, ...(body ? { body } : {}) });
    expect((await act('stop', { id: otherMachine, signal: 'SIGTERM', timeout: '1s' })).status).toBe(200);
    await waitFor(world, 'own', machine, 'stopped');
    const started = await act('start');
    expect(started).toMatchObject({ status: 200, json: { previous_state: 'stopped' } });
    await waitFor(world, 'own', machine, 'started');
    expect((await act('suspend')).status).toBe(200);
    await waitFor(world, 'own', machine, 'suspended');
    expect((await act('start')).status).toBe(200);
    await waitFor(world, 'own', machine, 'started');
    expect((await act('signal', { signal: 'SIGHUP' })).status).toBe(200);
    const refused = await ask('DELETE', `/v1/apps/own/machines/${machine}?force=true`, { token });
    expect(refused).toMatchObject({ status: 403, json: { code: 'caveat_denied' } });
    expect(refused.json.caveat).toContain(String(appNumber));
    expect((await ask('POST', '/v1/apps/own/machines', { token, body: plainMachine })).status).toBe(403);
    expect((await ask('POST', `/v1/apps/other/machines/${otherMachine}/stop`, { token })).status).toBe(403);
    const still = await world.machines.getMachine('other', otherMachine);
    expect(still.ok && still.value.state).toBe('started');
  });

  it('is leased as stock clients do it, and the nonce goes through', async () => {
    const lease = await ask('POST', `/v1/apps/own/machines/${machine}/lease?ttl=60`, { token: narrow() });
    expect(lease.status).toBe(201);
    const nonce: string = lease.json.data.nonce;
    expect((await ask('POST', `/v1/apps/own/machines/${machine}/stop`)).status).toBe(409);
    const headers = { 'fly-machine-lease-nonce': nonce };
    expect(
      (await ask('POST', `/v1/apps/own/machines/${machine}/restart?timeout=1s`, { headers })).status,
    ).toBe(200);
    expect((await ask('DELETE', `/v1/apps/own/machines/${machine}/lease`, { headers })).status).toBe(200);
    await waitFor(world, 'own', machine, 'started');
  });

  it('of another app is not found below this one, whichever way it is asked for', async () => {
    for (const [method, rest] of [
      ['GET', ''],
      ['POST', '/start'],
      ['DELETE', ''],
      ['GET', '/events'],
      ['POST', '/lease'],
      ['GET', '/metadata'],
    ]) {
      const answer = await ask(method ?? '', `/v1/apps/own/machines/${otherMachine}${rest}`);
      expect(answer).toMatchObject({ status: 404, json: { error: 'machine not found' } });
    }
    expect(await ask('POST', `/v1/apps/own/machines/${otherMachine}`, { body: plainMachine })).toMatchObject({
      status: 404,
    });
    expect((await ask('GET', '/v1/apps/own/machines/00000000000000')).status).toBe(404);
  });

  it('that the gateway did not make is taken in when it is in the app', async () => {
    const direct = await world.machines.createMachine('own', { config: { image: 'drift' } });
    if (!direct.ok) throw new Error('not made');
    expect((await ask('GET', `/v1/apps/own/machines/${direct.value.id}`)).status).toBe(200);
    expect((await ask('DELETE', `/v1/apps/own/machines/${direct.value.id}?force=true`)).status).toBe(200);
    expect((await world.store.machine(direct.value.id))?.state).toBe('destroyed');
  });

  it('is updated through the same gate as it was created, and keeps its marks', async () => {
    const update = async (config: object) =>
      await ask('POST', `/v1/apps/own/machines/${machine}`, {
        body: { config: { image: 'acme/py-env:2026.11', ...config } },
      });
    expect((await update({ env: { FLY_TIGRIS_BUCKET: 'other' } })).status).toBe(422);
    expect((await update({ metadata: { hangar_env: 'env_x' } })).status).toBe(422);
    expect((await update({ guest: { gpus: 8 } })).status).toBe(422);
    const done = await update({ env: { LANG: 'C' }, metadata: { role: 'web' } });
    expect(done).toMatchObject({
      status: 200,
      json: { config: { image: 'acme/py-env:2026.11', metadata: { role: 'web' } } },
    });
    const upstream = await world.machines.getMachine('own', machine);
    expect(upstream.ok && Object.keys(upstream.value.config?.metadata ?? {}).sort()).toEqual([
      'hangar_env',
      'hangar_install',
      'hangar_op',
      'role',
    ]);
    await waitFor(world, 'own', machine, 'started');
  });

  it('has metadata of its own, without the reserved names', async () => {
    const at = `/v1/apps/own/machines/${machine}/metadata`;
    expect((await ask('POST', `${at}/team`, { body: { value: 'blue' } })).status).toBe(204);
    expect((await ask('GET', at)).json).toEqual({ role: 'web', team: 'blue' });
    expect((await ask('POST', `${at}/hangar_env`, { body: { value: 'x' } })).status).toBe(422);
    expect((await ask('DELETE', `${at}/hangar_install`)).status).toBe(422);
    expect((await ask('PATCH', at, { body: { metadata: { hangar_op: null } } })).status).toBe(422);
    expect((await ask('DELETE', `${at}/team`)).status).toBe(204);
  });

  it('keeps the marks of the gateway through every way to write its metadata', async () => {
    const at = `/v1/apps/own/machines/${machine}`;
    const upstream = async () => {
      const seen = await world.machines.getMachine('own', machine);
      return seen.ok ? (seen.value.config?.metadata ?? {}) : {};
    };
    const all = await upstream();
    const marks = Object.fromEntries(Object.entries(all).filter(([key]) => key.startsWith('hangar_')));
    expect(Object.keys(marks).sort()).toEqual(['hangar_env', 'hangar_install', 'hangar_op']);
    const write = async (method: string, path: string, body?: unknown) =>
      expect((await ask(method, path, body === undefined ? {} : { body })).status).toBeLessThan(300);

    await write('PUT', `${at}/metadata`, { metadata: { a: 'b', c: 'd' } });
    expect(await upstream()).toEqual({ ...marks, a: 'b', c: 'd' });
    await write('PATCH', `${at}/metadata`, { metadata: { c: null, e: 'f' } });
    expect(await upstream()).toEqual({ ...marks, a: 'b', e: 'f' });
    await write('POST', `${at}/metadata/role`, { value: 'web' });
    await write('DELETE', `${at}/metadata/a`);
    expect(await upstream()).toEqual({ ...marks, e: 'f', role: 'web' });
    await write('PUT', `${at}/metadata`, { metadata: { role: 'web' } });
    expect(await upstream()).toEqual({ ...marks, role: 'web' });
  });

  it.each([
    ['PUT', 'memory', { limit_mb: 99_999_999 }, 403, 'limit_mb'],
    ['PUT', 'memory', { limit_mb: '512' }, 422, 'limit_mb'],
    ['PUT', 'memory', { Limit_MB: 512 }, 422, 'Limit_MB'],
    ['POST', 'memory/reclaim', { amount_mb: -1 }, 422, 'amount_mb'],
    ['POST', 'lease', { ttl: '30' }, 422, 'ttl'],
    ['POST', 'stop', { timeout: [] }, 422, 'timeout'],
    ['POST', 'stop', { timeuot: '5s' }, 422, 'timeuot'],
    ['POST', 'signal', { signal: {} }, 422, 'signal'],
    ['POST', 'metadata/k', { value: 7 }, 422, 'value'],
    ['PATCH', 'metadata', { metadata: { a: 7 } }, 422, 'metadata.a'],
  ])('is never sent what %s %s %j would say', async (method, path, body, status, field) => {
    const reply = await ask(method, `/v1/apps/own/machines/${machine}/${path}`, { body });
    expect(reply.status).toBe(status);
    expect(JSON.stringify(reply.json)).toContain(field);
  });

  it('runs commands only as the caveats allow', async () => {
    const limited: Caveat = {
      type: 'IfPresent',
      ifs: [{ type: 'Commands', commands: [{ args: ['echo', 'hi'], exact: false }] }],
      else: Action.read,
    };
    const exec = async (token: string, body: unknown) =>
      await ask('POST', `/v1/apps/own/machines/${machine}/exec`, { token, body });
    const token = narrow(limited);
    expect(await exec(token, { command: ['echo', 'hi', 'there'] })).toMatchObject({
      status: 200,
      json: { stdout: 'hi there\n' },
    });
    expect(await exec(token, { cmd: "echo hi 'a b'" })).toMatchObject({
      status: 200,
      json: { stdout: 'hi a b\n' },
    });
    expect((await exec(token, { command: ['env'] })).status).toBe(403);
    expect((await exec(token, { cmd: 'echo hi; env' })).status).toBe(403);
    expect((await exec(token, { cmd: 'echo hi $(env)' })).status).toBe(403);
    expect((await exec(token, { command: ['echo', 'hi'], cmd: 'env' })).status).toBe(422);
    // What a command reads, and where it runs, is not among its words.
    for (const more of [{ stdin: 'env' }, { container: 'side' }]) {
      const refused = await exec(token, { command: ['echo', 'hi'], ...more });
      expect(refused).toMatchObject({ status: 403, json: { code: 'caveat_denied' } });
      expect(JSON.stringify(refused.json)).toContain('stdin or container');
    }
    expect((await exec(token, { command: ['echo', 'hi'], stdin: '', timeout: 5 })).status).toBe(200);
    expect((await exec(narrow(), { command: ['cat'], stdin: 'x' })).status).toBe(200);
    expect((await exec(narrow(), { command: ['cat'], Stdin: 'x' })).json).toMatchObject({
      fields: { Stdin: 'must be written stdin' },
    });
    expect((await exec(narrow(), { cmd: 'echo hi; env' })).status).toBe(200);
    expect(
      (
        await exec(mintToken(world.workspace.number, [{ type: 'Action', mask: Action.read }]), {
          cmd: 'true',
        })
      ).status,
    ).toBe(403);
  });
});

describe('POST …/machines with an Idempotency-Key', () => {
  const count = async () => (await world.inventory()).machines.filter(({ app }) => app === 'own').length;

  it('makes one machine however often it is sent, and gives the same answer', async () => {
    const before = await count();
    const send = async (body: object = plainMachine) =>
      await ask('POST', '/v1/apps/own/machines', { body, headers: { 'idempotency-key': 'user-1' } });
    const [first, second] = await Promise.all([send(), send()]);
    expect(first.status).toBe(200);
    expect(second.json).toEqual(first.json);
    const third = await send();
    expect(third.json).toEqual(first.json);
    expect(third.headers.get('idempotent-replayed')).toBe('true');
    expect(await send({ ...plainMachine, name: 'else' })).toMatchObject({
      status: 409,
      json: { reason: 'idempotency_mismatch' },
    });
    expect(await count()).toBe(before + 1);
  });

  it('keeps the answer sealed: what a config holds is nowhere in the rows', async () => {
    const body = { ...plainMachine, config: { ...plainMachine.config, env: { DB_PASSWORD: 'canary-8c1d' } } };
    await ask('POST', '/v1/apps/own/machines', { body, headers: { 'idempotency-key': 'canary' } });
    for (const table of ['operations', 'machines', 'environments', 'audit']) {
      const { rows } = await world.database.execute(`select t::text as row from gateway_${table} t`);
      expect(rows.length).toBeGreaterThan(0);
      expect(JSON.stringify(rows)).not.toContain('canary-8c1d');
      expect(JSON.stringify(rows)).not.toContain(Buffer.from('canary-8c1d').toString('hex'));
      expect(JSON.stringify(rows)).not.toContain('tsec_');
    }
  });

  it('frees the key when the request was refused', async () => {
    const headers = { 'idempotency-key': 'refused-first' };
    const wrong = { config: { image: 'acme/x', mounts: [{ volume: 'vol_000000000000', path: '/d' }] } };
    expect((await ask('POST', '/v1/apps/own/machines', { body: wrong, headers })).status).toBe(404);
    expect((await ask('POST', '/v1/apps/own/machines', { body: plainMachine, headers })).status).toBe(200);
  });
});

describe('volumes', () => {
  it('belong to their app, in paths and in bodies', async () => {
    const made = await ask('POST', '/v1/apps/own/volumes', {
      body: { name: 'data', region: 'fra', size_gb: 1, compute: null },
    });
    expect(made.status).toBe(200);
    const id: string = made.json.id;
    expect((await ask('GET', '/v1/apps/own/volumes')).json.map((volume) => volume.id)).toEqual([id]);
    expect((await ask('GET', `/v1/apps/own/volumes/${id}`)).status).toBe(200);
    expect((await ask('GET', `/v1/apps/other/volumes/${id}`)).status).toBe(404);
    expect((await ask('DELETE', `/v1/apps/other/volumes/${id}`)).status).toBe(404);
    const mount = { config: { image: 'acme/x', mounts: [{ volume: id, path: '/d' }] } };
    expect((await ask('POST', '/v1/apps/other/machines', { body: mount })).status).toBe(404);
    expect(
      (await ask('POST', '/v1/apps/other/volumes', { body: { name: 'd', source_volume_id: id } })).status,
    ).toBe(404);
    expect(
      (await ask('POST', '/v1/apps/other/volumes', { body: { name: 'd', snapshot_id: 'vs_x' } })).status,
    ).toBe(422);
    expect((await ask('POST', '/v1/apps/own/volumes', { body: { name: 'd', size_gb: 501 } })).json.code).toBe(
      'policy_denied',
    );
    expect(
      (await ask('PUT', `/v1/apps/own/volumes/${id}/extend`, { body: { size_gb: 501 } })).json.code,
    ).toBe('policy_denied');
    expect((await ask('DELETE', `/v1/apps/own/volumes/${id}`)).status).toBe(200);
  });
});

describe('lists of the organization', () => {
  it('hold only what the workspace owns', async () => {
    await world.machines.createApp({ name: 'operators-own', org_slug: 'operator', network: 'x' });
    await world.machines.createMachine('operators-own', { config: { image: 'secret' } });
    const listed = await ask('GET', `/v1/orgs/${world.workspace.slug}/machines`);
    expect(new Set(listed.json.machines.map((one) => one.app_name))).toEqual(new Set(['own', 'other']));
    expect(JSON.stringify(listed.json)).not.toContain('hangar_');
    const seen = await ask('GET', `/v1/orgs/${world.workspace.slug}/machines`, { token: narrow() });
    expect(new Set(seen.json.machines.map((one) => one.app_name))).toEqual(new Set(['own']));
    expect((await ask('GET', '/v1/orgs/operator/machines')).status).toBe(403);
    expect((await ask('GET', '/v1/platform/regions')).json.regions.length).toBeGreaterThan(3);
    const placed = await ask('POST', '/v1/platform/placements', {
      body: { org_slug: world.workspace.slug, region: 'fra' },
    });
    expect(placed.json.regions[0]?.region).toBe('fra');
    expect((await ask('POST', '/v1/platform/placements', { body: { org_slug: 'operator' } })).status).toBe(
      403,
    );
  });
});

describe('the door', () => {
  it('knows nothing that is not in the table', async () => {
    for (const [method, target] of [
      ['POST', '/v1/tokens/kms'],
      ['POST', '/v1/tokens/oidc'],
      ['GET', '/v1/apps/own/nothing'],
      ['GET', '/v1/nothing'],
      ['GET', '/graphql'],
      ['PUT', '/v1/apps'],
      ['OPTIONS', '/v1/apps'],
    ]) {
      expect((await ask(method ?? '', target ?? '')).status).toBe(404);
    }
    expect((await ask('POST', '/v1/apps/own/deploy_token')).json.code).toBe('policy_denied');
  });

  it('says in 401 what is wrong with a token', async () => {
    expect(await world.ask('GET', '/v1/apps')).toMatchObject({
      status: 401,
      json: { code: 'token_missing', reason: 'missing' },
    });
    const forged = mintToken(world.workspace.number).slice(0, -6) + 'AAAAAA';
    expect((await world.ask('GET', '/v1/apps', { token: forged })).status).toBe(401);
    const expired = mintToken(world.workspace.number, [
      { type: 'ValidityWindow', notBefore: 0, notAfter: 1000 },
    ]);
    expect(await world.ask('DELETE', '/v1/apps/own', { token: expired })).toMatchObject({
      status: 401,
      json: { code: 'token_expired' },
    });
  });

  it('has an audit trail of changes and refusals, by token and branch', async () => {
    const token = narrow();
    await ask('DELETE', `/v1/apps/own/machines/${machine}`, { token });
    await world.gateway.idle();
    const [newest] = await readGatewayAudit(world.database.db, {
      workspace: world.workspace.number,
      limit: 1,
    });
    expect(newest).toMatchObject({
      action: 'machines.delete',
      resource: `own/${machine}`,
      outcome: 'caveat_denied',
      status: 403,
    });
    expect(newest?.branch).toMatch(/^[0-9a-f]{64}$/);
    await ask('POST', `/v1/apps/own/machines/${machine}/stop`);
    const [changed] = await readGatewayAudit(world.database.db, {
      workspace: world.workspace.number,
      limit: 1,
    });
    expect(changed).toMatchObject({ action: 'machines.stop', outcome: 'ok', status: 200 });
    expect(changed?.upstreamRequestId).toBeTruthy();
  });
});
