import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '@hangar/gateway';
import { openWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  const policy = {
    ...DEFAULT_POLICY,
    regions: ['fra'],
    maxCpus: 4,
    maxMemoryMb: 1024,
    maxVolumeGb: 2,
  };
  world = await openWorld({ gateway: { policy } });
  await ask('/v1/apps', { name: 'silent' });
});
afterEach(async () => await world.close());

const ask = async (target: string, body: unknown) =>
  await world.ask('POST', target, { token: world.token, body });

const refused = (path: string, rule: string, limit: unknown) => ({
  status: 403,
  json: { code: 'policy_denied', path, rule, limit },
});

describe('what a body leaves out', () => {
  it('is no way around the regions: upstream would choose any', async () => {
    const config = { image: 'acme/x:1' };
    for (const body of [{ config }, { config, region: '' }])
      expect(await ask('/v1/apps/silent/machines', body)).toMatchObject(
        refused('region', 'regions', ['fra']),
      );
    for (const body of [
      { name: 'd', size_gb: 1 },
      { name: 'd', size_gb: 1, region: '' },
    ])
      expect(await ask('/v1/apps/silent/volumes', body)).toMatchObject(refused('region', 'regions', ['fra']));
    expect(await world.inventory()).toMatchObject({ machines: [], volumes: [] });
    expect((await ask('/v1/apps/silent/machines', { config, region: 'fra' })).status).toBe(200);
  });

  it('is no way around the sizes: a preset and a default have them too', async () => {
    const machine = async (config: object) =>
      await ask('/v1/apps/silent/machines', { region: 'fra', config: { image: 'acme/x:1', ...config } });
    const tooMuch = refused('config.guest.memory_mb', 'guests.max_memory_mb', 1024);
    expect(await machine({ size: 'performance-1x' })).toMatchObject(tooMuch);
    expect(await machine({ guest: { cpu_kind: 'performance', cpus: 1 } })).toMatchObject(tooMuch);
    expect((await machine({ size: 'shared-cpu-4x' })).status).toBe(200);
    const volume = { name: 'd', region: 'fra' };
    expect(await ask('/v1/apps/silent/volumes', volume)).toMatchObject(
      refused('size_gb', 'volumes.max_gb', 2),
    );
    expect((await ask('/v1/apps/silent/volumes', { ...volume, size_gb: 2 })).status).toBe(200);
  });
});
