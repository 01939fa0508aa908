import { MACHINES_OPERATIONS } from '@hangar/flyio';
import { planRequest, routes } from '@hangar/gateway';
import { beforeAll, describe, expect, it } from 'vitest';
import { fillPattern } from '../src/request/route.ts';
import { openWorld, type World } from './world.ts';

const SAMPLES: Readonly<Record<string, string>> = {
  app_name: 'own',
  machine_id: '00000000000000',
  volume_id: 'vol_1a2b3c4d5e6f7g8h',
  org_slug: 'acme',
  secret_name: 'NAME',
  key: 'role',
  ip: 'fdaa::1',
  hostname: 'shop.example.com',
};
/** What is about tokens is answered by who makes them. */
const operations = MACHINES_OPERATIONS.filter(({ path }) => !path.startsWith('/v1/tokens/'));

describe('every operation of the Machines API', () => {
  it('is listed once', () => {
    expect(operations.length).toBe(71);
    expect(new Set(MACHINES_OPERATIONS.map(({ method, path }) => `${method} ${path}`)).size).toBe(76);
  });

  it.each(operations)('has a row: $method $path', ({ method, path }) => {
    const target = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => SAMPLES[name] ?? name);
    expect(planRequest(method, target).ok, target).toBe(true);
  });
});

describe('an operation that is refused', () => {
  const refused = routes.filter(({ treatment }) => treatment.kind === 'refuse');
  const params = { app: 'own', hostname: 'shop.example.com', 'secret-key': 'k1' };
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
    await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'own' } });
  });

  it.each(refused.map((route) => ({ id: route.id, route })))(
    'says so in its own words and asks nobody: $id',
    async ({ route }) => {
      if (route.treatment.kind !== 'refuse') throw new Error('it is not refused');
      const target = `/${fillPattern(route.pattern, params).join('/')}`;
      world.seen.length = 0;
      const answer = await world.ask(route.method, target, { token: world.token });
      expect(answer.status).toBe(403);
      expect(answer.json).toMatchObject({ code: 'policy_denied', error: route.treatment.sentence });
      expect(world.seen).toEqual([]);
      const nobody = await world.ask(route.method, target, {});
      expect(nobody.status).toBe(401);
    },
  );

  it('lets flyctl page and filter', async () => {
    const answer = await world.ask('GET', '/v1/apps/own/certificates?limit=50', { token: world.token });
    expect([answer.status, answer.json.code]).toEqual([403, 'policy_denied']);
  });
});
