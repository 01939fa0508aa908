import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const make = async (body: unknown) =>
  await world.ask('POST', '/hangar/v1/environments', { token: world.token, body });

describe('a refusal of a new environment', () => {
  it('names each field as it was written, all faults at once, and a near name', async () => {
    const fieldsOf = async (target: string, body: unknown): Promise<Record<string, string>> => {
      const { status, json } = await world.ask('POST', target, { token: world.token, body });
      expect(status).toBe(422);
      return (json as unknown as { fields: Record<string, string> }).fields;
    };
    expect(await fieldsOf('/v1/apps', { app_name: 'NOT A NAME', netwrok: 'x' })).toEqual({
      app_name: expect.stringContaining('lower-case letters'),
      netwrok: expect.stringContaining('did you mean network?'),
    });
    expect(Object.keys(await fieldsOf('/v1/apps', {}))).toEqual(['name']);
    expect(Object.keys(await fieldsOf('/v1/apps', { name: 'a', app_name: 'b' }))).toEqual(['app_name']);
    expect(await fieldsOf('/v1/apps', { name: 'a', enable_subdomains: true })).toHaveProperty(
      'enable_subdomains',
    );
    const several = { name: '', lables: {}, ttl: 'soon', labels: { 'a b': 'x', ok: 7 } };
    expect(await fieldsOf('/hangar/v1/environments', several)).toEqual({
      name: expect.any(String),
      lables: expect.stringContaining('did you mean labels?'),
      ttl: expect.stringContaining('72h'),
      'labels."a b"': expect.any(String),
      'labels.ok': expect.any(String),
    });
    expect((await world.inventory()).apps).toEqual([]);
  });

  it('names the volume that was not found', async () => {
    const ask = async (method: string, target: string, body?: unknown) =>
      await world.ask(method, target, { token: world.token, body });
    await ask('POST', '/v1/apps', { name: 'bare' });
    const config = { image: 'acme/x:1', mounts: [{ volume: 'vol_0123456789ab', path: '/data' }] };
    expect(await ask('POST', '/v1/apps/bare/machines', { config })).toMatchObject({
      status: 404,
      json: { error: 'volume not found: vol_0123456789ab' },
    });
    await ask('DELETE', '/v1/apps/bare');
  });
});

describe('POST /hangar/v1/environments', () => {
  it('makes the same thing as POST /v1/apps, with key, class, labels and an end', async () => {
    const now = world.simulator.clock.now().getTime();
    const made = await make({
      name: 'pr-412-shop',
      key: 'gh:acme/shop#412',
      class: 'review',
      labels: { repo: 'acme/shop', sha: '9f1c2e' },
      ttl: '72h',
    });
    expect(made).toMatchObject({
      status: 201,
      json: {
        name: 'pr-412-shop',
        key: 'gh:acme/shop#412',
        class: 'review',
        labels: { repo: 'acme/shop', sha: '9f1c2e' },
        phase: 'ready',
        numeric_id: expect.any(Number) as number,
      },
    });
    const { ttl_at: end } = made.json as unknown as { ttl_at: string };
    expect(Math.abs(Date.parse(end) - now - 72 * 3_600_000)).toBeLessThan(60_000);
    expect((await world.ask('GET', '/v1/apps/pr-412-shop', { token: world.token })).status).toBe(200);
    expect(
      (await world.ask('GET', `/hangar/v1/environments/${made.json.id}`, { token: world.token })).json,
    ).toEqual(made.json);
    expect((await world.inventory()).buckets).toHaveLength(1);
  });

  it('answers a repeated request with the same environment', async () => {
    const body = { name: 'again', key: 'user:8123' };
    const headers = { 'idempotency-key': 'user-8123-first' };
    const ask = async () =>
      await world.ask('POST', '/hangar/v1/environments', { token: world.token, body, headers });
    const first = await ask();
    const second = await ask();
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json).toEqual(first.json);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });

  it.each<[string, unknown]>([
    ['no name', { key: 'k' }],
    ['a name with markup', { name: '<img src=x>' }],
    ['a name that climbs', { name: '../other' }],
    ['a key with markup', { name: 'a', key: '<script>' }],
    ['a key of spaces', { name: 'a', key: ' ' }],
    ['a key that is no text', { name: 'a', key: 7 }],
    ['a label of the wrong type', { name: 'a', labels: { user: 8123 } }],
    ['a label with markup', { name: 'a', labels: { user: '"><img>' } }],
    ['labels that are a list', { name: 'a', labels: ['x'] }],
    ['a lifetime in words', { name: 'a', ttl: 'soon' }],
    ['a lifetime of nothing', { name: 'a', ttl: '0h' }],
    ['a lifetime of ages', { name: 'a', ttl: '9999d' }],
    ['a lifetime in a list', { name: 'a', ttl: ['7d'] }],
    ['a member that is not known', { name: 'a', machine: {} }],
    ['a network', { name: 'a', network: 'n' }],
    ['a list', ['a']],
    ['nothing', undefined],
  ])('refuses %s, and makes nothing', async (_, body) => {
    const before = await world.inventory();
    const answer = await make(body);
    expect(answer).toMatchObject({ status: 422, json: { code: 'invalid' } });
    expect(await world.inventory()).toEqual(before);
  });
});
