import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { createSimulator, readSeed } from '../src/index.ts';
import { aws, control, flaps, stage, temporaryFolder } from './world.ts';

const SEED = {
  organizations: [{ slug: 'team', name: 'Our team' }],
  apps: [
    {
      name: 'shop',
      secrets: { COLOUR: 'green' },
      volumes: [{ name: 'data', region: 'ams', size_gb: 2 }],
      machines: [{ name: 'web', config: { image: 'nginx', mounts: [{ name: 'data', path: '/data' }] } }],
    },
    { name: 'other', organization: 'team' },
  ],
  buckets: [{ name: 'pictures', objects: { 'a/b.txt': 'hello' } }],
};

describe('a seed', () => {
  test('is what a new world begins with, and one that was reset', async () => {
    const on = await stage({ seed: readSeed(JSON.stringify(SEED)) });
    await on.simulator.begun;
    for (const round of ['new', 'reset']) {
      if (round === 'reset') {
        await flaps(on)('POST', '/apps', { app_name: 'extra', org_slug: 'operator' });
        await control(on)('POST', '/reset');
      }
      const { body } = await control(on)('GET', '/inventory');
      expect([round, body]).toMatchObject([
        round,
        {
          apps: [
            { name: 'shop', org_slug: 'operator', machine_count: 1 },
            { name: 'other', org_slug: 'team', machine_count: 0 },
          ],
          machines: [{ app: 'shop', name: 'web', region: 'ams' }],
          volumes: [{ app: 'shop', name: 'data', size_gb: 2 }],
          secrets: [{ app: 'shop', name: 'COLOUR' }],
          buckets: [{ name: 'pictures', objects: 1, bytes: 5 }],
        },
      ]);
      const object = await aws(on).s3.send(new GetObjectCommand({ Bucket: 'pictures', Key: 'a/b.txt' }));
      expect(await object.Body?.transformToString()).toBe('hello');
    }
  });

  test('leaves a world alone that was there before', async () => {
    const state = join(temporaryFolder(), 'world.json');
    const first = createSimulator({ state });
    await first.close();
    const later = createSimulator({ state, seed: readSeed(JSON.stringify(SEED)) });
    await later.begun;
    expect(later.world.apps.size).toBe(0);
    await later.close();
  });

  test.each([
    ['no JSON', '{', /not JSON/],
    ['an unknown member', '{"app": []}', /app/],
    ['a number as a name', '{"apps": [{"name": 1}]}', /apps\[0\]\.name/],
  ])('with %s is refused', (_title, text, words) => {
    expect(() => readSeed(text)).toThrow(words);
  });

  test.each([
    ['an unknown organization', { apps: [{ name: 'a', organization: 'nobody' }] }, /apps\[0\]: there is no/],
    ['a name twice', { apps: [{ name: 'a' }, { name: 'a' }] }, /apps\[1\]: .*taken/],
    ['a machine without an image', { apps: [{ name: 'a', machines: [{ config: {} }] }] }, /image/],
    ['a bucket that cannot be', { buckets: [{ name: 'A' }] }, /buckets\[0\]/],
    ['a known organization', { organizations: [{ slug: 'operator', name: 'x' }] }, /organizations\[0\]/],
  ])('with %s does not fit', async (_title, seed, words) => {
    const simulator = createSimulator({ seed: readSeed(JSON.stringify(seed)) });
    await expect(simulator.begun).rejects.toThrow(words);
    await simulator.close();
  });
});
