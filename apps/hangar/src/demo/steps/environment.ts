import { z } from 'zod';
import { call, expectStatus } from '../calls.ts';
import type { Step, Story } from '../story.ts';

const app = z.object({ name: z.string(), internal_numeric_id: z.number() });
const machine = z.object({ id: z.string(), state: z.string() });
const inventory = z.object({
  apps: z.array(z.object({ name: z.string(), network: z.string() })),
  buckets: z.array(z.unknown()),
  access_keys: z.array(z.unknown()),
  machines: z.array(z.unknown()),
});

export const environment: Step = {
  title:
    "The customer's backend gets an environment: app, network, bucket, key, secrets, and a machine that starts",
  play: async (story) => {
    await story.withCrash(async () => await createApp(story, story.appName), 30);
    await createApp(story, story.otherAppName);
    const found = app.parse(
      expectStatus(
        await call({ method: 'GET', url: story.api(`/v1/apps/${story.appName}`), token: story.token }),
        200,
      ),
    );
    story.appNumber = BigInt(found.internal_numeric_id);

    const created = await story.withCrash(
      async () =>
        await call({
          method: 'POST',
          url: story.api(`/v1/apps/${story.appName}/machines`),
          token: story.token,
          idempotencyKey: `${story.appName}-first`,
          body: {
            region: 'fra',
            config: { image: 'acme/py-env:2026.10', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 } },
          },
        }),
      15,
    );
    story.machineId = machine.parse(expectStatus(created, 200, 201)).id;
    await waitFor(story, 'started');

    const there = inventory.parse(
      expectStatus(await call({ method: 'GET', url: story.fly('/inventory') }), 200),
    );
    const mine = there.apps.find((candidate) => candidate.name === story.appName);
    if (
      there.apps.length !== 2 ||
      there.buckets.length !== 2 ||
      there.access_keys.length !== 2 ||
      there.machines.length !== 1
    ) {
      throw new Error(
        `expected 2 apps, buckets and keys and 1 machine at Fly.io, found ${there.apps.length}, ${there.buckets.length}, ${there.access_keys.length} and ${there.machines.length}`,
      );
    }
    return { app: story.appName, network: mine?.network ?? '', machine: story.machineId, state: 'started' };
  },
};

/** Creates an app through the gateway; a repeated request is the same request. */
async function createApp(story: Story, name: string): Promise<void> {
  const answer = await call({
    method: 'POST',
    url: story.api('/v1/apps'),
    token: story.token,
    idempotencyKey: name,
    body: { app_name: name, org_slug: story.workspaceSlug },
  });
  expectStatus(answer, 201);
}

/** Waits until the machine is in a state, as every Machines API client does. */
export async function waitFor(story: Story, state: string): Promise<void> {
  const path = `/v1/apps/${story.appName}/machines/${story.machineId}/wait?state=${state}&timeout=20`;
  expectStatus(await call({ method: 'GET', url: story.api(path), token: story.token }), 200);
}
