import { createUpstream } from '@hangar/flyio';
import { Secret } from '@hangar/security';
import { listen } from '@hangar/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => await world.close());

describe('logs', () => {
  it("hold no line that is older than the app, whose name was another one's then", async () => {
    const made = await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'taken-over' } });
    expect(made.status).toBe(201);
    const line = (id: string, timestamp: unknown) => ({ id, attributes: { timestamp, message: id } });
    const now = world.options.now?.() ?? new Date();
    // Fly.io keeps lines by the name of the app.
    const kept = await listen(
      async () =>
        await Promise.resolve(
          Response.json({
            data: [
              line("a stranger's", new Date(now.getTime() - 120_000).toISOString()),
              line('nobody knows whose', undefined),
              line('nobody knows when', 'yesterday'),
              line('its own', new Date(now.getTime() + 1000).toISOString()),
            ],
            meta: { next_token: 'n1' },
          }),
        ),
      { port: 0 },
    );
    const api = createUpstream({ baseUrl: kept.url, token: () => Secret.of('o') });
    const gateway = world.another({ api });
    const answer = await world.ask(
      'GET',
      '/api/v1/apps/taken-over/logs?next_token=1',
      { token: world.token },
      gateway,
    );
    await Promise.all([api.close(), kept.close()]);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      data: [{ id: 'its own', attributes: { message: 'its own' } }],
      meta: { next_token: 'n1' },
    });
  });
});
