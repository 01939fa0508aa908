import { describe, expect, test } from 'vitest';
import { control, flaps, foreignToken, send, stage, type Answer, type Stage } from './world.ts';

const config = { image: 'acme/py-env:2026.10' };

async function withApp(on: Stage, name = 'hf-u8123') {
  const call = flaps(on);
  await call('POST', '/apps', { app_name: name, org_slug: 'operator', network: 'env_1' });
  const machines = `/apps/${name}/machines`;
  const create = (body: object = {}): Promise<Answer> => call('POST', machines, { config, ...body });
  const wait = (id: string, state: string): Promise<Answer> =>
    call('GET', `${machines}/${id}/wait?state=${state}&timeout=10`);
  const started = async (body: object = {}): Promise<string> => {
    const id = (await create(body)).text('id');
    await wait(id, 'started');
    return id;
  };
  return { call, machines, create, wait, started };
}

describe('who may call', () => {
  test.each([
    ['no header', undefined],
    ['an unknown token', 'Bearer fo1_nobody'],
    ['an empty list', 'FlyV1 '],
  ])('%s is a 401', async (_title, authorization) => {
    const on = await stage();
    const answer = await send('GET', `${on.machines}/v1/apps?org_slug=operator`, {
      headers: authorization === undefined ? {} : { authorization },
    });
    expect(answer.status).toBe(401);
    expect(answer.at('error')).toBe('Authenticate: token validation error');
  });

  test.each(['Bearer TOKEN', 'FlyV1 TOKEN', 'bearer FlyV1 TOKEN', 'Bearer fo1_other, TOKEN', 'TOKEN'])(
    'a header of the form "%s" is understood',
    async (form) => {
      const on = await stage();
      const authorization = form.replace('TOKEN', 'fo1_simulated-operator-token');
      const answer = await send('GET', `${on.machines}/v1/tokens/current`, { headers: { authorization } });
      expect(answer.at('tokens.0.org_slug')).toBe('operator');
    },
  );

  test('a free name is 404, a foreign app is 403: clients depend on the difference', async () => {
    const on = await stage();
    const { machines } = await withApp(on);
    const stranger = flaps(on, foreignToken);
    expect((await stranger('GET', '/apps/hf-u8123')).status).toBe(403);
    expect((await stranger('GET', machines)).at('error')).toBe('unauthorized');
    expect((await stranger('GET', '/apps/free-name')).status).toBe(404);
    expect((await stranger('POST', '/apps', { app_name: 'x', org_slug: 'operator' })).status).toBe(403);
    expect((await stranger('GET', '/apps?org_slug=operator')).status).toBe(403);
  });

  test('a deploy token covers its app until it expires', async () => {
    const on = await stage();
    const { call } = await withApp(on);
    await withApp(on, 'hf-u9000');
    const token = (await call('POST', '/apps/hf-u8123/deploy_token', { expiry: '1h0m0s' })).text('token');
    expect(token).toMatch(/^FlyV1 fm2_/);
    const narrow = flaps(on, token);
    expect((await narrow('GET', '/apps/hf-u8123')).status).toBe(200);
    expect((await narrow('GET', '/apps/hf-u9000')).status).toBe(403);
    on.simulator.clock.advance(3_601_000);
    expect((await narrow('GET', '/apps/hf-u8123')).status).toBe(401);
  });
});

describe('apps', () => {
  test('an app answers with the members of the docs and of fly-go', async () => {
    const on = await stage();
    const call = flaps(on);
    const made = await call('POST', '/apps?wait=true', { name: 'one', org_slug: 'operator', network: null });
    expect(made.status).toBe(201);
    expect(made.headers.get('fly-request-id')).toMatch(/^[0-9A-Z]{26}-iad$/);
    expect((await call('GET', '/apps/one')).body).toMatchObject({
      id: made.text('id'),
      name: 'one',
      internal_numeric_id: expect.any(Number),
      network: 'default',
      status: 'pending',
      organization: { slug: 'operator', name: 'Operator', internal_numeric_id: expect.any(Number) },
    });
    expect((await call('GET', '/apps?org_slug=operator')).body).toMatchObject({
      total_apps: 1,
      apps: [{ name: 'one' }],
    });
  });

  test('a taken name says so with its own word, across organizations', async () => {
    const on = await stage();
    await withApp(on);
    const again = await flaps(on, foreignToken)('POST', '/apps', {
      app_name: 'hf-u8123',
      org_slug: 'low-flyers',
    });
    expect([again.status, again.at('status')]).toEqual([422, 'name_taken']);
    expect(again.at('error')).toContain('Name has already been taken');
  });

  test('what a request lacks is named', async () => {
    const call = flaps(await stage());
    expect((await call('POST', '/apps', { app_name: 'x' })).status).toBe(400);
    expect((await call('POST', '/apps', { app_name: 'Über', org_slug: 'operator' })).status).toBe(422);
    expect((await call('POST', '/apps', ['x'])).status).toBe(400);
    expect((await call('GET', '/apps')).status).toBe(400);
    expect((await call('GET', '/nothing')).status).toBe(404);
  });

  test('a deleted app takes everything with it, and its name is free again', async () => {
    const on = await stage();
    const { call, started } = await withApp(on);
    const volume = (await call('POST', '/apps/hf-u8123/volumes', { name: 'data', region: 'fra' })).text('id');
    await started({ region: 'fra', config: { ...config, mounts: [{ volume, path: '/data' }] } });
    await call('POST', '/apps/hf-u8123/secrets/KEY', { value: 'v' });
    await call('POST', '/apps/hf-u8123/ip_assignments', { type: 'private_v6', network: 'env_1' });
    const deleted = await call('DELETE', '/apps/hf-u8123');
    expect([deleted.status, deleted.body]).toEqual([202, '']);
    expect((await call('GET', '/apps/hf-u8123')).status).toBe(404);
    expect((await control(on)('GET', '/inventory')).body).toMatchObject({
      apps: [],
      machines: [],
      volumes: [],
      secrets: [],
      ips: [],
    });
    expect((await call('POST', '/apps', { app_name: 'hf-u8123', org_slug: 'operator' })).status).toBe(201);
  });

  test('with a lag a deleted app is still seen for a while, as on Fly.io', async () => {
    const on = await stage({ delays: { appDeletionLag: 60_000 } });
    const { call } = await withApp(on);
    await call('DELETE', '/apps/hf-u8123');
    expect((await call('GET', '/apps/hf-u8123')).status).toBe(200);
    on.simulator.clock.advance(60_001);
    expect((await call('GET', '/apps/hf-u8123')).status).toBe(404);
  });
});

describe('the life of a machine', () => {
  test('a created machine starts by itself and tells its story newest first', async () => {
    const on = await stage();
    const { call, create, wait, machines } = await withApp(on);
    const made = await create({ region: 'fra' });
    expect([made.status, made.at('state')]).toEqual([200, 'created']);
    expect(made.text('id')).toMatch(/^[0-9a-f]{14}$/);
    const reached = await wait(made.text('id'), 'started');
    expect(reached.body).toMatchObject({ ok: true, state: 'started', version: made.text('instance_id') });
    const machine = await call('GET', `${machines}/${made.text('id')}`);
    expect(machine.body).toMatchObject({
      region: 'fra',
      host_status: 'ok',
      image_ref: { repository: 'acme/py-env', tag: '2026.10' },
      config: { image: 'acme/py-env:2026.10', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 } },
    });
    const story = (await call('GET', `${machines}/${made.text('id')}/events`)).body as {
      type: string;
      status: string;
    }[];
    expect(story.map((event) => `${event.type}/${event.status}`)).toEqual([
      'start/started',
      'launch/created',
    ]);
  });

  test('stop, start, suspend and restart lead through the states that Fly.io documents', async () => {
    const on = await stage();
    const { call, machines, wait, started } = await withApp(on);
    const id = await started();
    const act = async (verb: string, state: string): Promise<void> => {
      expect((await call('POST', `${machines}/${id}/${verb}`)).status).toBe(200);
      expect((await wait(id, state)).status).toBe(200);
    };
    await act('stop', 'stopped');
    expect((await call('POST', `${machines}/${id}/start`)).at('previous_state')).toBe('stopped');
    await wait(id, 'started');
    await act('suspend', 'suspended');
    await act('start', 'started');
    await act('restart', 'started');
    await on.simulator.clock.sleep(1);
    await wait(id, 'settled');
    const states = (await call('GET', `${machines}/${id}/events?limit=50`)).body as {
      type: string;
      status: string;
    }[];
    expect(states.toReversed().map((event) => `${event.type}/${event.status}`)).toEqual([
      'launch/created',
      'start/started',
      'stop/stopping',
      'exit/stopped',
      'start/starting',
      'start/started',
      'suspend/suspending',
      'suspend/suspended',
      'start/starting',
      'start/started',
      'restart/restarting',
      'exit/stopped',
      'start/started',
    ]);
  });

  test('a machine that was not launched rests in created until it is started', async () => {
    const on = await stage();
    const { call, machines, create, wait } = await withApp(on);
    const id = (await create({ skip_launch: true })).text('id');
    on.simulator.clock.advance(60_000);
    expect((await call('GET', `${machines}/${id}`)).at('state')).toBe('created');
    expect((await wait(id, 'stopped')).status).toBe(200);
    await call('POST', `${machines}/${id}/start`);
    expect((await wait(id, 'started')).status).toBe(200);
  });

  test('what does not fit the state is a 412 in the words that clients look for', async () => {
    const on = await stage({ delays: { launch: 1_000_000 } });
    const { call, machines, create } = await withApp(on);
    const id = (await create()).text('id');
    const start = await call('POST', `${machines}/${id}/start`);
    expect([start.status, start.at('error')]).toEqual([
      412,
      "failed_precondition: unable to start machine from current state: 'created'",
    ]);
    expect((await call('POST', `${machines}/${id}/suspend`)).status).toBe(412);
    on.simulator.clock.advance(1_000_000);
    on.simulator.clock.advance(1_000);
    expect((await call('DELETE', `${machines}/${id}`)).status).toBe(412);
    expect((await call('DELETE', `${machines}/${id}?force=true`)).status).toBe(200);
  });

  test('waiting ends with 408 at the deadline and names the state', async () => {
    const on = await stage();
    const { call, machines, started } = await withApp(on);
    const id = await started();
    const waiting = call('GET', `${machines}/${id}/wait?state=stopped&timeout=60`);
    while (on.simulator.clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));
    on.simulator.clock.advance(60_000);
    const answer = await waiting;
    expect([answer.status, answer.at('error')]).toEqual([
      408,
      'deadline_exceeded: machine failed to reach desired state, stopped, currently started',
    ]);
    for (const timeout of ['0', '61', 'soon']) {
      expect((await call('GET', `${machines}/${id}/wait?timeout=${timeout}`)).status).toBe(400);
    }
    expect((await call('GET', `${machines}/${id}/wait?state=happy`)).status).toBe(400);
  });

  test('an update replaces the config, gives a new version and lets the old one be replaced', async () => {
    const on = await stage();
    const { call, machines, wait, started } = await withApp(on);
    const id = await started({ config: { ...config, env: { A: '1' } } });
    const before = await call('GET', `${machines}/${id}`);
    const stale = { config, current_version: 'old' };
    expect((await call('POST', `${machines}/${id}`, stale)).status).toBe(412);
    const updated = await call('POST', `${machines}/${id}`, { config: { image: 'acme/py-env:2026.11' } });
    expect(updated.at('state')).toBe('replacing');
    expect(updated.text('instance_id')).not.toBe(before.text('instance_id'));
    expect(updated.at('config.env')).toBeUndefined();
    const old = await call(
      'GET',
      `${machines}/${id}/wait?instance_id=${before.text('instance_id')}&timeout=1`,
    );
    expect([old.status, old.at('error')]).toEqual([408, expect.stringContaining('currently replaced')]);
    expect((await wait(id, 'started')).at('version')).toBe(updated.text('instance_id'));
    expect((await call('GET', `${machines}/${id}/versions`)).body).toHaveLength(2);
    expect((await call('POST', `${machines}/${id}`, { config, region: 'syd' })).status).toBe(400);
  });

  test('a destroyed machine leaves the list, and is found when asked for', async () => {
    const on = await stage();
    const { call, machines, wait, started } = await withApp(on);
    const id = await started();
    await call('DELETE', `${machines}/${id}?kill=true`);
    expect((await wait(id, 'destroyed')).status).toBe(200);
    expect((await call('GET', machines)).body).toEqual([]);
    expect((await call('GET', `${machines}?include_deleted=true`)).body).toHaveLength(1);
    expect((await control(on)('GET', '/inventory')).at('machines')).toEqual([]);
    expect((await call('POST', `${machines}/${id}/start`)).status).toBe(412);
  });

  test('an image that is not there fails as in the sample event of the docs', async () => {
    const on = await stage();
    const { create, wait } = await withApp(on);
    await control(on)('POST', '/faults', { door: 'machines', kind: 'launch_failed' });
    const id = (await create()).text('id');
    expect((await wait(id, 'failed')).status).toBe(200);
    await control(on)('POST', '/events/idle');
    const events = on.provider.received.map(
      (one) => JSON.parse(one.body) as { status: string; data: object },
    );
    expect(events.find((one) => one.status === 'failed')?.data).toMatchObject({
      Error: 'image not found',
      Transition: 'prepareImage',
    });
  });

  test('signals end a process, which restarts by its policy', async () => {
    const on = await stage();
    const { call, machines, wait, started } = await withApp(on);
    const restarted = await started();
    expect((await call('POST', `${machines}/${restarted}/signal`, { signal: 9 })).status).toBe(200);
    expect((await wait(restarted, 'started')).status).toBe(200);
    const left = await started({ config: { ...config, restart: { policy: 'no' } } });
    await call('POST', `${machines}/${left}/signal`, { signal: 'SIGTERM' });
    expect((await wait(left, 'stopped')).status).toBe(200);
    const gone = await started({ config: { ...config, auto_destroy: true, restart: { policy: 'no' } } });
    await call('POST', `${machines}/${gone}/signal`, { signal: 'SIGKILL' });
    expect((await wait(gone, 'destroyed')).status).toBe(200);
    expect((await call('POST', `${machines}/${left}/signal`, { signal: 'SIGWHAT' })).status).toBe(400);
  });
});

describe('what a machine is made of', () => {
  test.each([
    ['no image', {}],
    ['memory that no preset has', { image: 'a', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 300 } }],
    [
      'more memory than a shared CPU may have',
      { image: 'a', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 4096 } },
    ],
    ['an environment with a number', { image: 'a', env: { PORT: 80 } }],
    ['two mounts', { image: 'a', mounts: [{ volume: 'vol_1' }, { volume: 'vol_2' }] }],
  ])('%s is a 400', async (_title, broken) => {
    const { create } = await withApp(await stage());
    expect((await create({ config: broken })).status).toBe(400);
  });

  test('unknown members are dropped without a word, nulls count as absent', async () => {
    const { create } = await withApp(await stage());
    const made = await create({
      name: null,
      config: {
        image: 'a',
        imagee: 'b',
        schedule: null,
        services: [{ internal_port: 80, autostop: 'stop' }],
        containers: [{ name: 'app', image: 'a', command: ['typo'], cmd: ['right'] }],
      },
    });
    expect(made.at('config')).toEqual({
      image: 'a',
      guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 },
      services: [{ internal_port: 80, autostop: true }],
      containers: [{ name: 'app', image: 'a', cmd: ['right'] }],
    });
  });

  test('two machines of one app cannot have one name', async () => {
    const { create } = await withApp(await stage());
    const first = await create({ name: 'main' });
    const second = await create({ name: 'main' });
    expect([second.status, second.at('error')]).toEqual([409, expect.stringContaining(first.text('id'))]);
  });

  test('a region is a code, a list or an alias', async () => {
    const { create } = await withApp(await stage());
    expect((await create({ region: 'eu' })).at('region')).toBe('fra');
    expect((await create({ region: 'xxx,syd' })).at('region')).toBe('syd');
    expect((await create({ region: 'atlantis' })).status).toBe(400);
  });

  test('metadata is read, merged, replaced and removed without a new version', async () => {
    const { call, machines, create } = await withApp(await stage());
    const made = await create({ config: { ...config, metadata: { a: '1' } } });
    const path = `${machines}/${made.text('id')}/metadata`;
    expect((await call('POST', `${path}/b`, { value: '2' })).status).toBe(204);
    expect((await call('GET', path)).body).toEqual({ a: '1', b: '2' });
    await call('PATCH', path, { metadata: { a: null, c: '3' } });
    expect((await call('GET', path)).body).toEqual({ b: '2', c: '3' });
    await call('PUT', path, { metadata: { d: '4' } });
    expect((await call('GET', `${path}/d`)).body).toEqual({ value: '4' });
    expect((await call('DELETE', `${path}/d`)).status).toBe(204);
    expect((await call('GET', `${path}/d`)).status).toBe(404);
    expect((await call('PUT', path, { metadata: {}, machine_version: 'old' })).status).toBe(412);
    expect((await call('GET', `${machines}/${made.text('id')}`)).at('instance_id')).toBe(
      made.at('instance_id'),
    );
    await call('POST', `${path}/owner`, { value: 'u1' });
    expect((await call('GET', `${machines}?metadata.owner=u1`)).body).toHaveLength(1);
    expect((await call('GET', `${machines}?metadata.owner=u2`)).body).toEqual([]);
  });

  test('a command that fails is still a 200', async () => {
    const { call, machines, started } = await withApp(await stage());
    const id = await started({ config: { ...config, env: { LANG: 'C.UTF-8' } } });
    const run = (body: object): Promise<Answer> => call('POST', `${machines}/${id}/exec`, body);
    expect((await run({ command: ['echo', 'a', 'b'] })).body).toMatchObject({
      exit_code: 0,
      stdout: 'a b\n',
    });
    expect((await run({ cmd: 'false' })).body).toMatchObject({ exit_code: 1 });
    expect((await run({ command: ['rm', '-rf', '/'] })).body).toMatchObject({ exit_code: 127 });
    expect((await run({ command: ['env'] })).at('stdout')).toContain('LANG=C.UTF-8\n');
    expect((await run({})).status).toBe(400);
  });
});

describe('leases', () => {
  test('a lease keeps others out of what changes a machine, until it ends', async () => {
    const on = await stage();
    const { call, machines, started } = await withApp(on);
    const id = await started();
    const taken = await call('POST', `${machines}/${id}/lease?ttl=60`);
    expect(taken.status).toBe(201);
    expect(taken.body).toMatchObject({
      status: 'success',
      data: { nonce: expect.stringMatching(/^[0-9a-f]{12}$/) },
    });
    expect(taken.at('data.version')).toBe((await call('GET', `${machines}/${id}`)).at('instance_id'));
    const nonce = { 'fly-machine-lease-nonce': taken.text('data.nonce') };
    for (const verb of ['stop', 'restart', 'suspend', 'cordon', 'lease']) {
      const refused = await call('POST', `${machines}/${id}/${verb}`);
      expect([verb, refused.status, refused.at('error')]).toEqual([
        verb,
        409,
        expect.stringMatching(/lease currently held by .*@tokens\.fly\.io, expires at \d{4}-/),
      ]);
    }
    expect((await call('POST', `${machines}/${id}`, { config })).status).toBe(409);
    expect((await call('DELETE', `${machines}/${id}?force=true`)).status).toBe(409);
    const extended = await call('POST', `${machines}/${id}/lease`, { ttl: 120 }, nonce);
    expect(extended.at('data.nonce')).toBe(taken.at('data.nonce'));
    expect((await call('POST', `${machines}/${id}/stop`, {}, nonce)).status).toBe(200);
    on.simulator.clock.advance(121_000);
    const none = await call('GET', `${machines}/${id}/lease`);
    expect([none.status, none.at('error')]).toEqual([404, 'machine lease not found']);
  });

  test('a lease is released with its nonce only, and comes with a machine when asked for', async () => {
    const { call, machines, create } = await withApp(await stage());
    const made = await create({ lease_ttl: 30 });
    const path = `${machines}/${made.text('id')}/lease`;
    expect((await call('DELETE', path)).status).toBe(400);
    expect((await call('DELETE', path, undefined, { 'fly-machine-lease-nonce': 'wrong' })).status).toBe(409);
    const freed = await call('DELETE', path, undefined, { 'fly-machine-lease-nonce': made.text('nonce') });
    expect(freed.body).toEqual({ status: 'success', data: { ok: true } });
    expect((await call('GET', path)).status).toBe(404);
  });
});

describe('rate limits', () => {
  test('are off, and when switched on allow three at once and one a second', async () => {
    const on = await stage();
    const { call, machines, started } = await withApp(on);
    const id = await started();
    const stop = async (): Promise<number> => (await call('POST', `${machines}/${id}/stop`)).status;
    for (let i = 0; i < 5; i++) expect(await stop()).toBe(200);
    await control(on)('POST', '/faults', { door: 'machines', kind: 'rate_limit' });
    expect([await stop(), await stop(), await stop(), await stop()]).toEqual([200, 200, 200, 429]);
    on.simulator.clock.advance(1_000);
    expect(await stop()).toBe(200);
  });
});
