import { describe, expect, test } from 'vitest';
import { flaps, stage, type Stage } from './world.ts';

async function withApp(on: Stage, name = 'hf-u8123') {
  const call = flaps(on);
  await call('POST', '/apps', { app_name: name, org_slug: 'operator' });
  return { call, app: `/apps/${name}` };
}

describe('secrets', () => {
  test('are set one by one or together, and shown only on request', async () => {
    const { call, app } = await withApp(await stage());
    const one = await call('POST', `${app}/secrets/FIRST`, { value: 'a' });
    expect([one.status, one.at('version'), one.at('Version')]).toEqual([201, 1, 1]);
    expect(one.text('digest')).toMatch(/^[0-9a-f]{16}$/);
    const both = await call('POST', `${app}/secrets`, { values: { SECOND: 'b', FIRST: null } });
    expect(both.body).toMatchObject({ version: 2, secrets: [{ name: 'SECOND' }] });
    expect(JSON.stringify((await call('GET', `${app}/secrets`)).body)).not.toContain('value');
    expect((await call('GET', `${app}/secrets/SECOND?show_secrets=true`)).at('value')).toBe('b');
    expect((await call('GET', `${app}/secrets/FIRST`)).status).toBe(404);
    expect((await call('DELETE', `${app}/secrets/SECOND`)).at('version')).toBe(3);
    expect((await call('DELETE', `${app}/secrets/SECOND`)).status).toBe(404);
  });

  test('nothing of a request with one bad value is stored', async () => {
    const { call, app } = await withApp(await stage());
    expect((await call('POST', `${app}/secrets`, { values: { GOOD: 'a', BAD: 1 } })).status).toBe(400);
    expect((await call('GET', `${app}/secrets`)).body).toEqual({ secrets: [] });
  });

  test('a machine that needs newer secrets than there are is refused', async () => {
    const { call, app } = await withApp(await stage());
    await call('POST', `${app}/secrets/A`, { value: 'a' });
    const machine = (min_secrets_version: number) =>
      call('POST', `${app}/machines`, { config: { image: 'a' }, min_secrets_version });
    expect((await machine(2)).status).toBe(412);
    expect((await machine(1)).status).toBe(200);
  });
});

describe('volumes', () => {
  test('have defaults, grow, and never shrink', async () => {
    const { call, app } = await withApp(await stage());
    const made = await call('POST', `${app}/volumes`, { name: 'data', region: 'fra', size_gb: null });
    expect(made.body).toMatchObject({ state: 'created', size_gb: 3, encrypted: true, snapshot_retention: 5 });
    expect(made.text('id')).toMatch(/^vol_[0-9a-z]{16}$/);
    const path = `${app}/volumes/${made.text('id')}`;
    expect((await call('PUT', `${path}/extend`, { size_gb: 5 })).body).toMatchObject({
      volume: { size_gb: 5 },
      needs_restart: false,
    });
    expect((await call('PUT', `${path}/extend`, { size_gb: 4 })).status).toBe(400);
    expect((await call('PUT', path, { snapshot_retention: 61 })).status).toBe(400);
    expect((await call('POST', `${path}/snapshots`)).status).toBe(200);
    expect((await call('GET', `${path}/snapshots`)).body).toMatchObject([
      { id: expect.stringMatching(/^vs_/) },
    ]);
    expect((await call('DELETE', path)).at('state')).toBe('scheduling_destroy');
    expect((await call('GET', `${app}/volumes`)).body).toEqual([]);
  });

  test('belong to one machine at a time, in one region', async () => {
    const { call, app } = await withApp(await stage());
    const volume = (await call('POST', `${app}/volumes`, { name: 'data', region: 'fra' })).text('id');
    const config = { image: 'a', mounts: [{ volume, path: '/data' }] };
    const elsewhere = await call('POST', `${app}/machines`, { region: 'syd', config });
    expect(elsewhere.status).toBe(412);
    const first = await call('POST', `${app}/machines`, { config });
    expect([first.status, first.at('region')]).toEqual([200, 'fra']);
    const second = await call('POST', `${app}/machines`, { config });
    expect([second.status, second.at('error')]).toEqual([
      412,
      expect.stringContaining('volume is currently bound to machine'),
    ]);
    expect((await call('DELETE', `${app}/volumes/${volume}`)).status).toBe(412);
    const machine = `${app}/machines/${first.text('id')}`;
    await call('DELETE', `${machine}?force=true`);
    await call('GET', `${machine}/wait?state=destroyed&timeout=10`);
    expect((await call('DELETE', `${app}/volumes/${volume}`)).status).toBe(200);
  });
});

describe('addresses', () => {
  test('are assigned by type and released', async () => {
    const { call, app } = await withApp(await stage());
    const flycast = await call('POST', `${app}/ip_assignments`, {
      type: 'private_v6',
      org_slug: 'high-flyers',
      network: 'env_1',
      region: '',
      service_name: '',
    });
    expect(flycast.text('ip')).toMatch(/^fdaa:/);
    expect((await call('POST', `${app}/ip_assignments`, { type: 'shared_v4' })).at('shared')).toBe(true);
    expect((await call('POST', `${app}/ip_assignments`, { type: 'v5' })).status).toBe(400);
    const released = await call('DELETE', `${app}/ip_assignments/${flycast.text('ip')}`);
    expect(released.status).toBe(204);
    expect((await call('GET', `${app}/ip_assignments`)).at('ips')).toHaveLength(1);
  });
});

describe('organizations and regions', () => {
  test('the machines of an organization are paged, oldest change first', async () => {
    const on = await stage();
    const { call, app } = await withApp(on);
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push(
        (await call('POST', `${app}/machines`, { config: { image: 'a' }, skip_launch: true })).text('id'),
      );
      on.simulator.clock.advance(1_000);
    }
    const first = await call('GET', '/orgs/operator/machines?limit=2');
    expect(first.body).toMatchObject({ machines: [{ id: ids[0], app_name: 'hf-u8123' }, { id: ids[1] }] });
    const second = await call('GET', `/orgs/operator/machines?limit=2&cursor=${first.text('next_cursor')}`);
    expect(second.body).toMatchObject({ machines: [{ id: ids[2] }], next_cursor: '' });
    const after = first.text('last_updated_at');
    const newer = await call('GET', `/orgs/operator/machines?updated_after=${after}`);
    expect(newer.at('machines')).toHaveLength(1);
    expect((await call('GET', '/orgs/high-flyers/machines')).status).toBe(403);
  });

  test('regions and placements are told', async () => {
    const call = flaps(await stage());
    const regions = await call('GET', '/platform/regions');
    expect(regions.body).toMatchObject({
      nearest: 'iad',
      regions: expect.arrayContaining([expect.objectContaining({ code: 'fra' })]),
    });
    const place = await call('POST', '/platform/placements', {
      org_slug: 'operator',
      region: 'eu',
      count: 2,
    });
    expect(place.at('regions')).toEqual([{ region: 'fra', count: 2, concurrency: 2 }]);
  });
});
