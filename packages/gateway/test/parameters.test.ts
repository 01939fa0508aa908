import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, planRequest, routes, type Route } from '@hangar/gateway';
import { fillPattern } from '../src/request/route.ts';
import { openWorld, plainMachine, waitFor, type Ask, type World } from './world.ts';

let world: World;
let web: string;
let org: string;
const params: Record<string, string> = {
  app: 'own',
  environment: 'own',
  machine: '5683977ad31768',
  volume: 'vol_0123456789ab',
  secret: 'NAME',
  key: 'role',
  ip: 'fdaa::1',
  hostname: 'shop.example.com',
  'secret-key': 'k1',
  release: '1',
  'release-id': 'own.1',
};

const ask = async (method: string, target: string, more: Ask = {}) =>
  await world.ask(method, target, { token: world.token, ...more });
const targetOf = (route: Route): string => `/${fillPattern(route.pattern, params).join('/')}`;
const withRole = (role: string) => ({
  ...plainMachine,
  config: { ...plainMachine.config, metadata: { role } },
});

beforeAll(async () => {
  world = await openWorld();
  org = world.workspace.slug;
  params['org'] = org;
  await ask('POST', '/v1/apps', { body: { name: 'own', app_role_id: '' } });
  web = (await ask('POST', '/v1/apps/own/machines', { body: withRole('web') })).json.id;
  const worker = await ask('POST', '/v1/apps/own/machines', { body: withRole('worker') });
  await waitFor(world, 'own', web, 'started');
  await waitFor(world, 'own', worker.json.id, 'started');
});
afterAll(async () => await world.close());

describe('a query parameter that the route does not know', () => {
  it.each(routes.map((route) => ({ id: route.id, route })))('is refused by its name: $id', ({ route }) => {
    const planned = planRequest(route.method, `${targetOf(route)}?metdata.role=web&also=1`);
    expect(planned.ok).toBe(false);
    if (planned.ok) return;
    expect(planned.reason).toMatchObject({ status: 422, code: 'invalid' });
    expect(Object.keys(planned.reason.fields ?? {})).toEqual(['metdata.role', 'also']);
    for (const parameter of route.query) expect(planned.reason.sentence).toContain(parameter.shown);
  });

  it('is told together with what would be accepted', async () => {
    const before = world.seen.length;
    expect(await ask('GET', '/v1/apps/own/machines?metdata.role=web')).toMatchObject({
      status: 422,
      json: {
        error:
          'metdata.role: unknown query parameter; expected include_deleted, region, state, summary, metadata.KEY',
        fields: { 'metdata.role': expect.stringContaining('metadata.KEY') },
      },
    });
    expect(world.seen).toHaveLength(before);
  });
});

describe('every query parameter that a route knows is read by somebody', () => {
  const forwarded = routes.filter(({ treatment }) => treatment.kind === 'forward');
  const handled = routes.filter(({ treatment, query }) => treatment.kind === 'handle' && query.length > 0);
  const nameOf = (shown: string): string => shown.replace('KEY', 'role');

  it.each(forwarded.flatMap((route) => route.query.map(({ shown }) => ({ id: route.id, shown, route }))))(
    '$id forwards $shown',
    ({ shown, route }) => {
      const planned = planRequest(route.method, `${targetOf(route)}?${nameOf(shown)}=1`);
      expect(planned.ok && planned.value.upstreamTarget()).toBe(`${targetOf(route)}?${nameOf(shown)}=1`);
    },
  );

  const refused = async (target: string, method = 'GET'): Promise<void> =>
    expect(await ask(method, target)).toMatchObject({ status: 422, json: { code: 'invalid' } });
  const passedOn = (what: string, parameter: string) => async (): Promise<void> => {
    await ask('GET', `/v1/orgs/${org}/${what}?${parameter}=fra`);
    expect(world.seen.at(-1)).toContain(`${parameter}=fra`);
  };
  const logged = (parameter: string) => async (): Promise<void> => {
    await ask('GET', `/api/v1/apps/own/logs?${parameter}=1`);
    expect(world.seen.at(-1)).toBe(`GET /api/v1/apps/own/logs?${parameter}=1`);
  };
  const lists = (what: 'machines' | 'volumes'): Record<string, () => Promise<void>> => ({
    ...Object.fromEntries(
      ['include_deleted', 'region', 'state', 'summary', 'updated_after'].map((name) => [
        `orgs.${what} ${name}`,
        passedOn(what, name),
      ]),
    ),
    [`orgs.${what} limit`]: async () => await refused(`/v1/orgs/${org}/${what}?limit=0`),
    [`orgs.${what} cursor`]: async () => await refused(`/v1/orgs/${org}/${what}?cursor=x`),
  });
  const effects: Readonly<Record<string, () => Promise<void>>> = {
    'apps.list org_slug': async () =>
      expect((await ask('GET', '/v1/apps?org_slug=other')).json.code).toBe('org_not_allowed'),
    'apps.list app_role': async () =>
      expect((await ask('GET', '/v1/apps?app_role=x')).json).toEqual({ total_apps: 0, apps: [] }),
    'apps.create wait': async () => await refused('/v1/apps?wait=false', 'POST'),
    'apps.delete force': async () => await refused('/v1/apps/own?force=false', 'DELETE'),
    ...lists('machines'),
    ...lists('volumes'),
    'environments.list phase': async () => {
      const none = await ask('GET', '/hangar/v1/environments?phase=deleting');
      expect(none.json.environments).toEqual([]);
      await refused('/hangar/v1/environments?phase=redy');
    },
    'environments.list power': async () => {
      const none = await ask('GET', '/hangar/v1/environments?power=suspended');
      expect(none.json.environments).toEqual([]);
      await refused('/hangar/v1/environments?power=on');
    },
    'usage from': async () => await refused('/hangar/v1/usage?from=never'),
    'usage to': async () => await refused('/hangar/v1/usage?to=never'),
    'usage granularity': async () => await refused('/hangar/v1/usage?granularity=week'),
    'organizations.list admin': async () => await refused('/api/v1/organizations?admin=true'),
    'releases.list limit': async () => await refused('/api/v1/apps/own/releases?limit=0'),
    'images.find ref': async () => await refused('/hangar/v1/apps/own/image?ref=%20'),
    'logs.read next_token': logged('next_token'),
    'logs.read instance': logged('instance'),
    'logs.read region': logged('region'),
  };

  it('as this table says of what the gateway handles itself', () => {
    const known = handled.flatMap(({ id, query }) => query.map(({ shown }) => `${id} ${shown}`));
    expect(Object.keys(effects).toSorted()).toEqual(known.toSorted());
  });
  it.each(Object.keys(effects))('%s', async (name) => await effects[name]?.());

  it('and one that is read once is refused twice', async () => {
    expect(await ask('GET', '/hangar/v1/usage?granularity=hour&granularity=day')).toMatchObject({
      status: 422,
      json: { error: 'granularity: was given twice' },
    });
  });

  it('and a filter gives what it gives when Fly.io is asked itself', async () => {
    for (const [role, found] of [
      ['web', [web]],
      ['nobody', []],
    ] as const) {
      const through = await ask('GET', `/v1/apps/own/machines?metadata.role=${role}`);
      const direct = await world.machines.listMachines('own', { metadata: { role } });
      expect((through.json as readonly { id: string }[]).map(({ id }) => id)).toEqual(found);
      expect(direct.ok && direct.value.map(({ id }) => id)).toEqual(found);
    }
    const paged = await ask('GET', `/v1/orgs/${org}/machines?limit=1&cursor=`);
    expect(paged.json.machines).toHaveLength(2);
  });
});

describe('the role of an app', () => {
  const builder = 'remote-docker-builder';
  const listed = async (role: string): Promise<string[]> => {
    const { json } = await ask('GET', `/v1/apps?app_role=${role}&org_slug=${org}`);
    return json.apps.map(({ name }) => name);
  };

  it('is asked for by flyctl, which deletes the first app that it takes for a broken builder: there is none', async () => {
    const before = world.seen.length;
    // What flyctl does before a deploy: list, look at the first, delete it unless it has a volume and one machine.
    const ensureBuilder = async (): Promise<string | undefined> => {
      const [first] = await listed(builder);
      if (first === undefined) return undefined;
      const volumes = await ask('GET', `/v1/apps/${first}/volumes`);
      const machines = await ask('GET', `/v1/apps/${first}/machines`);
      if (volumes.json.length > 0 && machines.json.length === 1) return first;
      await ask('DELETE', `/v1/apps/${first}`);
      return undefined;
    };
    expect(await ensureBuilder()).toBeUndefined();
    expect(world.seen.slice(before).filter((seen) => seen.startsWith('DELETE'))).toEqual([]);
    expect((await ask('GET', '/v1/apps/own')).status).toBe(200);
  });

  it('of a builder of images is refused before anything is made: no environment has its size', async () => {
    const before = world.seen.length;
    const made = await ask('POST', '/v1/apps?wait=true', {
      body: { name: 'fly-builder-1', app_role_id: builder, network: '' },
    });
    expect(made).toMatchObject({ status: 403, json: { code: 'policy_denied' } });
    expect(world.seen.length).toBe(before);
  });

  it('is kept of an app that is made with one, shown, and found by exactly that', async () => {
    const role = 'postgres_cluster';
    const made = await ask('POST', '/v1/apps?wait=true', {
      body: { name: 'cluster', app_role_id: role, network: '' },
    });
    expect(made).toMatchObject({ status: 201, json: { app_role: role } });
    expect(await listed(role)).toEqual(['cluster']);
    expect(await listed('')).toEqual([]);
    expect((await ask('GET', '/v1/apps')).json.apps).toHaveLength(2);
    expect((await ask('GET', '/v1/apps/cluster')).json).toMatchObject({ app_role: role });
    expect((await ask('GET', '/v1/apps/own')).json).not.toHaveProperty('app_role');
    const odd = await ask('POST', '/v1/apps', { body: { name: 'odd', app_role_id: 7 } });
    expect(odd).toMatchObject({ status: 422, json: { fields: { app_role_id: expect.any(String) } } });
  });
});

describe('the form of a path', () => {
  it.each(['MY-SECRET', '1BAD'])('names what is wrong with the secret %s on both routes', async (name) => {
    const one = await ask('POST', `/v1/apps/own/secrets/${name}`, { body: { value: 'x' } });
    expect(one).toMatchObject({
      status: 422,
      json: { code: 'invalid', fields: { secret: expect.any(String) } },
    });
    const many = await ask('POST', '/v1/apps/own/secrets', { body: { values: { [name]: 'x' } } });
    expect(many).toMatchObject({ status: 422, json: { code: 'invalid' } });
    for (const method of ['GET', 'DELETE'])
      expect((await ask(method, `/v1/apps/own/secrets/${name}`)).status).toBe(404);
  });

  it('names what is wrong with a metadata key, too', async () => {
    const set = await ask('POST', `/v1/apps/own/machines/${web}/metadata/~`, { body: { value: 'x' } });
    expect(set).toMatchObject({ status: 422, json: { fields: { key: expect.any(String) } } });
    expect((await ask('GET', `/v1/apps/own/machines/${web}/metadata/~`)).status).toBe(404);
    expect((await ask('POST', '/v1/apps/own/machines/NOT-ONE/start')).json).toMatchObject({
      error: 'machine not found',
    });
  });

  it.each([
    ['/', /this is a Hangar gateway/],
    ['/v1/', /no path here ends with a slash/],
    ['/v1/apps/', /no path here ends with a slash/],
    ['/v1', /not found/],
  ])('%s is not found, in JSON', async (target, words) => {
    const answer = await ask('GET', target);
    expect(answer).toMatchObject({
      status: 404,
      json: { code: 'not_found', request_id: expect.any(String) },
    });
    expect((answer.json as unknown as { error: string }).error).toMatch(words);
  });

  it.each(routes.filter(({ method }) => method === 'GET').map(({ id, pattern }) => ({ id, pattern })))(
    'HEAD is GET without a body: $id',
    async ({ pattern }) => {
      const target = `/${fillPattern(pattern, { ...params, machine: web }).join('/')}`;
      const [head, get] = [await ask('HEAD', target), await ask('GET', target)];
      expect(head.status).toBe(get.status);
      expect(head.json).toBeUndefined();
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
    },
  );
});

describe('an address', () => {
  const assign = async (app: string) =>
    (await ask('POST', `/v1/apps/${app}/ip_assignments`, { body: { type: 'private_v6' } }))
      .json as unknown as {
      ip: string;
    };
  const held = async (): Promise<string[]> =>
    (await world.inventory()).ips.map((one) => (one as unknown as { ip: string }).ip);

  it('is released by its app, written as upstream does, escaped, or in full', async () => {
    for (const spell of [
      (ip: string) => ip,
      (ip: string) => encodeURIComponent(ip),
      (ip: string) => ip.replace('::', ':0:0:').toUpperCase(),
    ]) {
      const { ip } = await assign('own');
      expect((await ask('DELETE', `/v1/apps/own/ip_assignments/${spell(ip)}`)).status).toBe(204);
      expect(await held()).not.toContain(ip);
      expect((await ask('DELETE', `/v1/apps/own/ip_assignments/${spell(ip)}`)).status).toBe(404);
    }
  });

  it('of another app, or of nobody, is not found; what is no address has no route', async () => {
    await ask('POST', '/v1/apps', { body: { name: 'second' } });
    const { ip } = await assign('second');
    for (const other of [ip, 'fdaa::dead', '192.0.2.7'])
      expect((await ask('DELETE', `/v1/apps/own/ip_assignments/${other}`)).status).toBe(404);
    expect((await ask('DELETE', '/v1/apps/own/ip_assignments/x')).status).toBe(404);
    expect(await held()).toContain(ip);
  });

  it('takes one of a few places, which its release gives back', async () => {
    const tight = world.another({ policy: { ...DEFAULT_POLICY, maxAddressesPerEnvironment: 2 } });
    await ask('POST', '/v1/apps', { body: { name: 'third' } });
    const one = async () =>
      await world.ask(
        'POST',
        '/v1/apps/third/ip_assignments',
        { token: world.token, body: { type: 'private_v6' } },
        tight,
      );
    const first = await one();
    expect(first.status).toBe(200);
    expect(await one()).toMatchObject({ status: 403, json: { code: 'policy_denied', limit: 2 } });
    const { ip } = first.json as unknown as { ip: string };
    expect((await ask('DELETE', `/v1/apps/third/ip_assignments/${ip}`)).status).toBe(204);
    expect((await one()).status).toBe(200);
  });

  it('that was made with the app stays as long as the app', async () => {
    const own = await world.store.environmentNamed('own');
    const flycast = own?.flycastAddress ?? '';
    expect(await ask('DELETE', `/v1/apps/own/ip_assignments/${flycast}`)).toMatchObject({
      status: 403,
      json: { code: 'policy_denied' },
    });
    expect(await held()).toContain(flycast);
  });
});
