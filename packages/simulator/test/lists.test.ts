import { describe, expect, test } from 'vitest';
import { flaps, stage, type Answer } from './world.ts';

type Call = (method: string, path: string, body?: unknown) => Promise<Answer>;

const names = (answer: Answer, list: string, member = 'name'): unknown[] => {
  const value = list === '' ? answer.body : answer.at(list);
  if (!Array.isArray(value)) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  return (value as Record<string, unknown>[]).map((one) => one[member]);
};

test('an app is found under its role and under no other', async () => {
  const call = flaps(await stage());
  const role = 'remote-docker-builder';
  await call('POST', '/apps', { app_name: 'plain', org_slug: 'operator', app_role_id: '' });
  const made = await call('POST', '/apps?wait=true', {
    app_name: 'builder',
    org_slug: 'operator',
    app_role_id: role,
  });
  expect(made.at('app_role')).toBe(role);
  expect((await call('GET', '/apps/builder')).at('app_role')).toBe(role);
  expect((await call('GET', '/apps/plain')).at('app_role')).toBe('');
  const list = (query: string): Promise<Answer> => call('GET', `/apps?org_slug=operator${query}`);
  expect(names(await list(''), 'apps')).toEqual(['plain', 'builder']);
  expect(names(await list('&app_role='), 'apps')).toEqual(['plain', 'builder']);
  expect(names(await list(`&app_role=${role}`), 'apps')).toEqual(['builder']);
  await call('DELETE', '/apps/builder');
  expect((await list(`&app_role=${role}`)).body).toEqual({ total_apps: 0, apps: [] });
});

/** Three machines that differ in everything that a list can be narrowed by; the last one is destroyed. */
async function machines(): Promise<{ call: Call; ids: string[] }> {
  const call = flaps(await stage());
  await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  const ids: string[] = [];
  for (const [name, region, role, skip_launch] of [
    ['a', 'ams', 'web', false],
    ['b', 'fra', 'worker', true],
    ['c', 'ams', 'web', true],
  ] as const) {
    const config = { image: 'i', metadata: { role, 'a.b': name } };
    const body = { name, region, config, skip_launch };
    ids.push((await call('POST', '/apps/one/machines', body)).text('id'));
  }
  await call('GET', `/apps/one/machines/${ids[0]}/wait?state=started`);
  await call('DELETE', `/apps/one/machines/${ids[2]}`);
  await call('GET', `/apps/one/machines/${ids[2]}/wait?state=destroyed`);
  return { call, ids };
}

describe('a list is exactly what was asked for', () => {
  test.each([
    ['', ['a', 'b']],
    ['metadata.role=web', ['a']],
    ['metadata.role=worker', ['b']],
    ['metadata.role=nobody', []],
    ['metadata.Role=web', []],
    ['metadata.a.b=b', ['b']],
    ['metadata.role=web&metadata.a.b=b', []],
    ['metadata.missing=', []],
    ['region=ams', ['a']],
    ['region=ams,fra', ['a', 'b']],
    ['region=nrt', []],
    ['state=started', ['a']],
    ['state=created,started', ['a', 'b']],
    ['state=destroyed', ['c']],
    ['include_deleted=true', ['a', 'b', 'c']],
    ['include_deleted=1&region=ams', ['a', 'c']],
    ['include_deleted=false', ['a', 'b']],
    ['include_deleted=true&metadata.role=web&state=destroyed', ['c']],
  ])('?%s at an app and at its organization', async (query, expected) => {
    const { call } = await machines();
    expect(names(await call('GET', `/apps/one/machines?${query}`), '').toSorted()).toEqual(expected);
    const organization = await call('GET', `/orgs/operator/machines?${query}`);
    expect(names(organization, 'machines').toSorted()).toEqual(expected);
  });

  test('a summary leaves out what makes a list long', async () => {
    const { call } = await machines();
    const [short] = (await call('GET', '/apps/one/machines?summary=true')).body as object[];
    expect(Object.keys(short ?? {})).toEqual(expect.arrayContaining(['id', 'state', 'region']));
    for (const name of ['config', 'checks', 'events', 'host_status']) expect(short).not.toHaveProperty(name);
    expect(
      (await call('GET', '/orgs/operator/machines?summary=true')).at('machines.0.config'),
    ).toBeUndefined();
    await call('POST', '/apps/one/volumes', { name: 'data' });
    expect((await call('GET', '/apps/one/volumes?summary=true')).at('0.blocks_free')).toBeUndefined();
    expect((await call('GET', '/apps/one/volumes?summary=false')).at('0.blocks_free')).toBeGreaterThan(0);
  });

  test('the pages of an organization hold everything once, also when a page ends with what goes away', async () => {
    const { call, ids } = await machines();
    const page = (query: string): Promise<Answer> =>
      call('GET', `/orgs/operator/machines?include_deleted=true&limit=1${query}`);
    const first = await page('');
    const second = await page(`&cursor=${first.text('next_cursor')}`);
    const third = await page(`&cursor=${second.text('next_cursor')}`);
    expect([first, second, third].flatMap((one) => names(one, 'machines', 'id')).toSorted()).toEqual(
      ids.toSorted(),
    );
    expect(third.at('next_cursor')).toBe('');
    await call('DELETE', '/apps/one');
    expect((await page(`&cursor=${first.text('next_cursor')}`)).body).toMatchObject({ machines: [] });
  });

  test('volumes of an organization are narrowed and paged as its machines are', async () => {
    const { call } = await machines();
    for (const [name, region] of [
      ['x', 'ams'],
      ['y', 'fra'],
    ])
      await call('POST', '/apps/one/volumes', { name, region });
    const list = (query: string): Promise<Answer> => call('GET', `/orgs/operator/volumes?${query}`);
    expect(names(await list('region=fra'), 'volumes')).toEqual(['y']);
    expect(names(await list('state=created'), 'volumes').toSorted()).toEqual(['x', 'y']);
    expect(names(await list('state=destroyed'), 'volumes')).toEqual([]);
    expect(names(await list('updated_after=2100-01-01T00:00:00Z'), 'volumes')).toEqual([]);
    const first = await list('limit=1');
    const rest = await list(`cursor=${first.text('next_cursor')}`);
    expect([...names(first, 'volumes'), ...names(rest, 'volumes')].toSorted()).toEqual(['x', 'y']);
  });

  test.each([
    '/apps/one/machines?include_deleted=perhaps',
    '/apps/one/machines?summary=perhaps',
    '/apps/one/volumes?summary=perhaps',
    '/apps/one/secrets?show_secrets=perhaps',
    '/apps/one/secrets?min_version=x',
    '/apps/one/machines/MACHINE/events?limit=many',
    '/apps/one/machines/MACHINE/events?limit=0',
    '/apps/one/machines/MACHINE/wait?timeout=nonsense',
    '/orgs/operator/machines?limit=-1',
    '/orgs/operator/machines?cursor=garbage',
    '/orgs/operator/machines?updated_after=yesterday',
    '/orgs/operator/volumes?limit=many',
    '/orgs/operator/volumes?cursor=garbage',
    '/apps/one/certificates?limit=many',
  ])('%s is 400: a parameter is obeyed or refused', async (path) => {
    const { call, ids } = await machines();
    expect((await call('GET', path.replace('MACHINE', ids[0] ?? ''))).status).toBe(400);
  });

  test('force is true or false, and false does not destroy what runs', async () => {
    const { call, ids } = await machines();
    expect((await call('DELETE', `/apps/one/machines/${ids[0]}?force=perhaps`)).status).toBe(400);
    expect((await call('DELETE', `/apps/one/machines/${ids[0]}?force=false`)).status).toBe(412);
    expect((await call('DELETE', `/apps/one/machines/${ids[0]}?kill=true`)).status).toBe(200);
  });

  test('secrets of a version that is not there yet are 412', async () => {
    const { call } = await machines();
    await call('POST', '/apps/one/secrets/KEY', { value: 'v' });
    expect((await call('GET', '/apps/one/secrets?min_version=1')).status).toBe(200);
    expect((await call('GET', '/apps/one/secrets?min_version=2')).status).toBe(412);
    expect((await call('GET', '/apps/one/secrets/KEY?version=2')).status).toBe(412);
  });
});

test('a forked volume lands beside its source, and what was not asked for is like the source', async () => {
  const call = flaps(await stage());
  await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  const source = { name: 'data', region: 'ams', size_gb: 9, encrypted: false, fstype: 'raw' };
  const id = (await call('POST', '/apps/one/volumes', source)).text('id');
  const fork = await call('POST', '/apps/one/volumes', {
    name: 'data',
    region: '',
    size_gb: null,
    source_volume_id: id,
  });
  expect(fork.body).toMatchObject({ region: 'ams', size_gb: 9, encrypted: false, fstype: 'raw' });
  const elsewhere = await call('POST', '/apps/one/volumes', {
    name: 'data',
    region: 'fra',
    source_volume_id: id,
  });
  expect(elsewhere.at('region')).toBe('fra');
  await call('POST', `/apps/one/volumes/${id}/snapshots`);
  const snapshot_id = (await call('GET', `/apps/one/volumes/${id}/snapshots`)).text('0.id');
  expect((await call('POST', '/apps/one/volumes', { name: 'data', snapshot_id })).body).toMatchObject({
    region: 'ams',
    size_gb: 9,
  });
  expect((await call('POST', '/apps/one/volumes', { name: 'data' })).at('region')).toBe('iad');
});
