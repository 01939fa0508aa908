import { SCHEMAS, type SchemaName } from '@hangar/flyio';
import { describe, expect, test } from 'vitest';
import { flaps, stage, type Answer, type Stage } from './world.ts';

type Call = (method: string, path: string, body?: unknown) => Promise<Answer>;

async function withApp(): Promise<{ on: Stage; call: Call }> {
  const on = await stage();
  const call = flaps(on);
  await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  return { on, call };
}

const create = (call: Call, config: object): Promise<Answer> =>
  call('POST', '/apps/one/machines', { config: { image: 'a', ...config }, skip_launch: true });

describe('bodies are decoded as Go decodes them, so what slips past a check does harm here', () => {
  test('a name in another case counts, and of two spellings the last one', async () => {
    const { call } = await withApp();
    const made = await create(call, {
      Env: { A: '1' },
      containers: [{ name: 'c', image: 'x/y:1', Image: 'evil/y:2' }],
      guest: { cpus: 2, memory_mb: 512 },
      GUEST: { Memory_MB: 1024 },
      metadata: { role: 'a' },
      Metadata: { Role: 'b' },
      unknown: 'dropped',
    });
    expect(made.status).toBe(200);
    expect(made.at('config')).toEqual({
      image: 'a',
      env: { A: '1' },
      containers: [{ name: 'c', image: 'evil/y:2' }],
      guest: { cpu_kind: 'shared', cpus: 2, memory_mb: 1024 },
      // The keys of a map are data: their case is theirs.
      metadata: { role: 'a', Role: 'b' },
    });
  });

  test('also the letters outside ASCII that Go folds into ASCII', async () => {
    const { call } = await withApp();
    const made = await create(call, { reſtart: { policy: 'no' }, checKs: { c: { type: 'tcp' } } });
    expect(made.at('config.restart')).toEqual({ policy: 'no' });
    expect(made.at('config.checks')).toEqual({ c: { type: 'tcp' } });
  });

  test('of volumes, secrets, addresses, leases and exec too', async () => {
    const { call } = await withApp();
    const volume = await call('POST', '/apps/one/volumes', { name: 'data', size_gb: 1, Size_GB: 7 });
    expect(volume.at('size_gb')).toBe(7);
    await call('POST', '/apps/one/secrets', { Values: { KEY: 'v' } });
    expect((await call('GET', '/apps/one/secrets/KEY?show_secrets=true')).at('value')).toBe('v');
    const ip = await call('POST', '/apps/one/ip_assignments', { type: 'v6', TYPE: 'shared_v4' });
    expect(ip.at('shared')).toBe(true);
    const id = (await call('POST', '/apps/one/machines', { config: { image: 'a' } })).text('id');
    await call('GET', `/apps/one/machines/${id}/wait?state=started`);
    const ran = await call('POST', `/apps/one/machines/${id}/exec`, {
      command: ['true'],
      Command: ['echo', 'hi'],
    });
    expect(ran.at('stdout')).toBe('hi\n');
  });
});

/** One value of each JSON type; those that a leaf takes are left out below. */
const wrong: Readonly<Record<string, unknown>> = {
  text: 7,
  flag: 'true',
  count: '8',
  whole: '8',
  number: '1',
};

describe('every leaf has its type', () => {
  const schemas = Object.entries(SCHEMAS).filter(([name]) => name.startsWith('fly.'));
  /** Where an object of that name stands in a config. */
  const places: Readonly<Record<string, (value: object) => object>> = {
    'fly.MachineConfig': (value) => value,
    'fly.MachineGuest': (guest) => ({ guest }),
    'fly.MachineInit': (init) => ({ init }),
    'fly.MachineMount': (one) => ({ mounts: [one] }),
    'fly.MachineRootfs': (rootfs) => ({ rootfs }),
    'fly.MachineRestart': (restart) => ({ restart }),
    'fly.StopConfig': (stop_config) => ({ stop_config }),
    'fly.File': (one) => ({ files: [one] }),
    'fly.MachineProcess': (one) => ({ processes: [one] }),
    'fly.ContainerConfig': (one) => ({ containers: [one] }),
    'fly.ContainerHealthcheck': (one) => ({ containers: [{ healthchecks: [one] }] }),
    'fly.MachineCheck': (c) => ({ checks: { c } }),
    'fly.MachineService': (one) => ({ services: [one] }),
    'fly.MachinePort': (one) => ({ services: [{ ports: [one] }] }),
    'fly.MachineServiceConcurrency': (concurrency) => ({ services: [{ concurrency }] }),
  };

  test('a value of another type is 400 and names the member', async () => {
    const { call } = await withApp();
    const taken: string[] = [];
    for (const [name, place] of Object.entries(places)) {
      for (const [member, shape] of Object.entries(SCHEMAS[name as SchemaName])) {
        const value = wrong[shape];
        if (value === undefined) continue;
        const answer = await create(call, place({ [member]: value }));
        if (answer.status !== 400 || !answer.text('error').includes(member)) taken.push(`${name}.${member}`);
      }
    }
    expect(taken).toEqual([]);
    expect(schemas.length).toBeGreaterThan(30);
  });

  test.each<[string, object, string]>([
    ['restart.policy', { restart: { policy: 'sometimes' } }, 'no, always, on-failure, spot-price'],
    ['schedule', { schedule: 'every 5 minutes' }, 'hourly, daily, weekly, monthly'],
    ['guest.cpu_kind', { guest: { cpu_kind: 'huge', cpus: 1, memory_mb: 256 } }, 'shared, performance'],
    [
      'guest.persist_rootfs',
      { guest: { cpus: 1, memory_mb: 256, persist_rootfs: 'maybe' } },
      'never, always',
    ],
    ['guest.persist_rootfs', { guest: { cpus: 1, memory_mb: 256, persist_rootfs: 4 } }, 'at most 3'],
    ['rootfs.persist', { rootfs: { persist: 'maybe' } }, 'never, always, restart'],
    ['stop_config.signal', { stop_config: { signal: 'SIGSTOP' } }, 'SIGHUP'],
    ['services[0].autostop', { services: [{ autostop: 'later' }] }, 'off, stop, suspend'],
    ['checks.c.kind', { checks: { c: { kind: 'idle' } } }, 'informational, readiness'],
    [
      'processes[0].env_from[0].field_ref',
      { processes: [{ env_from: [{ field_ref: 'host' }] }] },
      'id, version',
    ],
    [
      'containers[0].depends_on[0].condition',
      { containers: [{ depends_on: [{ name: 'b', condition: 'ready' }] }] },
      'exited_successfully, healthy, started',
    ],
    ['containers[0].restart.policy', { containers: [{ restart: { policy: 'sometimes' } }] }, 'no, always'],
    [
      'containers[0].healthchecks[0].kind',
      { containers: [{ healthchecks: [{ kind: 'x' }] }] },
      'readiness, liveness',
    ],
    [
      'containers[0].healthchecks[0].unhealthy',
      { containers: [{ healthchecks: [{ unhealthy: 'x' }] }] },
      'stop',
    ],
    [
      'containers[0].healthchecks[0].http.scheme',
      { containers: [{ healthchecks: [{ http: { scheme: 'ftp' } }] }] },
      'http, https',
    ],
    [
      'volumes[0].temp_dir.storage_type',
      { volumes: [{ temp_dir: { storage_type: 'tape' } }] },
      'disk, memory',
    ],
    [
      'services[0].ports[0].http_options.replay_cache[0].type',
      { services: [{ ports: [{ http_options: { replay_cache: [{ type: 'x' }] } }] }] },
      'cookie, header',
    ],
  ])('an unknown word at config.%s is 400, and nothing is stored', async (path, config, words) => {
    const { call } = await withApp();
    const answer = await create(call, config);
    expect(answer.status).toBe(400);
    expect(answer.text('error')).toContain(`config.${path}: must be`);
    expect(answer.text('error')).toContain(words);
    expect((await call('GET', '/apps/one/machines')).body).toEqual([]);
  });

  test('what Fly.io takes is taken: words, flags and numbers in their forms, the empty text for what is unset', async () => {
    const { call } = await withApp();
    const made = await create(call, {
      restart: { policy: 'on-failure', max_retries: -1 },
      schedule: '',
      guest: { cpus: 1, memory_mb: 256, persist_rootfs: 2 },
      stop_config: { timeout: '1m30s', signal: 'SIGTERM' },
      services: [{ autostop: 'suspend', internal_port: 8080 }, { autostop: true }],
      dns: {},
    });
    expect(made.status).toBe(200);
  });
});

describe('durations', () => {
  const restart = (call: Call, id: string, query: string, body?: object): Promise<Answer> =>
    call('POST', `/apps/one/machines/${id}/restart${query}`, body);

  test.each([
    ['?timeout=19s', undefined, 200],
    ['?timeout=19', undefined, 200],
    ['?timeout=60s', undefined, 200],
    ['?timeout=', undefined, 200],
    ['?timeout=61s', undefined, 400],
    ['?timeout=1m1s', undefined, 400],
    ['?timeout=nonsense', undefined, 400],
    ['?timeout=19000000000', undefined, 400],
    ['?signal=SIGSTOP', undefined, 400],
    ['?force_stop=perhaps', undefined, 400],
    ['', { timeout: '19s', signal: 'SIGTERM', force_stop: true }, 200],
    ['', { timeout: 19_000_000_000 }, 200],
    ['', { timeout: '61s' }, 400],
    ['', { timeout: 'nonsense' }, 400],
    ['', { force_stop: 'yes' }, 400],
  ])('restart%s with %j is %i', async (query, body, status) => {
    const { call } = await withApp();
    const id = (await create(call, {})).text('id');
    await call('POST', `/apps/one/machines/${id}/start`);
    await call('GET', `/apps/one/machines/${id}/wait?state=started`);
    const answer = await restart(call, id, query, body);
    expect(answer.status).toBe(status);
    if (/61s|1m1s|19000000000/.test(query) && status === 400)
      expect(answer.text('error')).toContain('timeout must not exceed 60 seconds');
  });

  test.each<[string, string, object, number]>([
    ['stop', '/stop', { timeout: 'nonsense' }, 400],
    ['stop', '/stop', { timeout: '0s', id: 'x' }, 200],
    ['stop', '/stop', { signal: 'SIGSTOP' }, 400],
    ['exec', '/exec', { command: ['true'], timeout: 'nonsense' }, 400],
    ['exec', '/exec', { command: ['true'], timeout: 5 }, 200],
    ['a lease', '/lease', { ttl: 'nonsense' }, 400],
    ['a lease', '/lease?ttl=nonsense', {}, 400],
    ['a lease', '/lease?ttl=1.5', {}, 400],
    ['a lease', '/lease?ttl=30', {}, 201],
  ])('%s at %s with %j is %i', async (_title, path, body, status) => {
    const { call } = await withApp();
    const id = (await create(call, {})).text('id');
    await call('POST', `/apps/one/machines/${id}/start`);
    await call('GET', `/apps/one/machines/${id}/wait?state=started`);
    expect((await call('POST', `/apps/one/machines/${id}${path}`, body)).status).toBe(status);
  });
});

describe('the variables of a machine', () => {
  const started = async (call: Call, body: object): Promise<string> => {
    const id = (await call('POST', '/apps/one/machines', body)).text('id');
    await call('GET', `/apps/one/machines/${id}/wait?state=started`);
    return id;
  };
  const env = async (call: Call, id: string, container?: string): Promise<Record<string, string>> => {
    const ran = await call('POST', `/apps/one/machines/${id}/exec`, {
      cmd: 'env',
      ...(container ? { container } : {}),
    });
    const lines = ran.text('stdout').trimEnd().split('\n');
    return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
  };

  test('are those of the config, the secrets of the app, and what Fly.io adds', async () => {
    const { call } = await withApp();
    await call('POST', '/apps/one/secrets/FLY_TIGRIS_BUCKET', { value: 'mine' });
    const id = await started(call, { config: { image: 'nginx:1', env: { A: '1' } } });
    expect(await env(call, id)).toMatchObject({
      A: '1',
      FLY_TIGRIS_BUCKET: 'mine',
      FLY_APP_NAME: 'one',
      FLY_MACHINE_ID: id,
      FLY_IMAGE_REF: 'docker-hub-mirror.fly.io/library/nginx:1',
      FLY_VM_MEMORY_MB: '256',
    });
  });

  test('a secret that is set later is staged until the machine starts again', async () => {
    const { call } = await withApp();
    const id = await started(call, { config: { image: 'a' } });
    await call('POST', '/apps/one/secrets/LATE', { value: 'v' });
    expect(await env(call, id)).not.toHaveProperty('LATE');
    await call('POST', `/apps/one/machines/${id}/restart`);
    await call('GET', `/apps/one/machines/${id}/wait?state=started`);
    expect(await env(call, id)).toMatchObject({ LATE: 'v' });
    await call('DELETE', '/apps/one/secrets/LATE');
    expect(await env(call, id)).toMatchObject({ LATE: 'v' });
  });

  test('skip_secrets, ignore_app_secrets and containers keep secrets out', async () => {
    const { call } = await withApp();
    await call('POST', '/apps/one/secrets', { values: { S: 'v', T: 'w' } });
    const skipped = await started(call, { config: { image: 'a' }, skip_secrets: true });
    expect(await env(call, skipped)).not.toHaveProperty('S');
    const ignored = await started(call, {
      config: { image: 'a', processes: [{ ignore_app_secrets: true, secrets: [{ env_var: 'T' }] }] },
    });
    expect(await env(call, ignored)).toMatchObject({ T: 'w' });
    expect(await env(call, ignored)).not.toHaveProperty('S');
    const containers = [
      { name: 'c', image: 'a', env: { C: '1' }, secrets: [{ env_var: 'AS', name: 'S' }] },
      { name: 'd', image: 'a' },
    ];
    const split = await started(call, { config: { containers } });
    expect(await env(call, split, 'c')).toMatchObject({ C: '1', AS: 'v' });
    const other = await env(call, split, 'd');
    for (const name of ['C', 'AS', 'S', 'T']) expect(other).not.toHaveProperty(name);
  });
});
