import { createUpstream } from '@hangar/flyio';
import { Secret } from '@hangar/security';
import { listen } from '@hangar/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'mine' } });
});
afterAll(async () => await world.close());

/** Asks for an image where Fly.io finds one by any reference, and says what it leads to. */
async function find(ref: string, leadsTo = ref): Promise<number> {
  const image = { id: 'i1', ref: leadsTo, digest: 'sha256:0', compressedSizeFull: '1', manifest: {} };
  const fly = await listen(async () => await Promise.resolve(Response.json({ data: { app: { image } } })), {
    port: 0,
  });
  const api = createUpstream({ baseUrl: fly.url, token: () => Secret.of('o') });
  const target = `/hangar/v1/apps/mine/image?ref=${encodeURIComponent(ref)}`;
  const answer = await world.ask('GET', target, { token: world.token }, world.another({ api }));
  await Promise.all([api.close(), fly.close()]);
  return answer.status;
}

describe('an image', () => {
  it('is found in public, and where it was built for the app itself', async () => {
    expect(await find('nginx:1.29')).toBe(200);
    expect(await find('registry.fly.io/mine:deployment-1')).toBe(200);
  });

  it.each([
    'registry.fly.io/theirs:deployment-1',
    'REGISTRY.fly.io/theirs:deployment-1',
    'registry.fly.io/mine/../theirs:1',
    'registry.fly.io./theirs:1',
    'https://registry.fly.io/theirs:1',
    'docker.io/registry.fly.io/theirs:1',
  ])('that was built for another app is not, however it is spelt: %s', async (ref) => {
    expect(await find(ref)).toBe(404);
  });

  it('that a harmless reference leads to is judged by where it is', async () => {
    expect(await find('theirs:deployment-1', 'registry.fly.io/theirs:deployment-1')).toBe(404);
  });
});
