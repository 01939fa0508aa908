import { z } from 'zod';
import { call, expectEqual, expectStatus } from '../calls.ts';
import type { Step, Story } from '../story.ts';
import { until } from '../../processes/waiting.ts';

const inventory = z.object({
  apps: z.array(z.unknown()),
  machines: z.array(z.unknown()),
  volumes: z.array(z.unknown()),
  secrets: z.array(z.unknown()),
  ips: z.array(z.unknown()),
  buckets: z.array(z.unknown()),
  access_keys: z.array(z.unknown()),
  policies: z.array(z.unknown()),
  extensions: z.array(z.unknown()),
});

/** After a crash somebody else goes on when the lease has lapsed; then everything is removed one after the other. */
const GONE_WITHIN_MS = 60_000;

export const leave: Step = {
  title: 'The extension is deleted: app, bucket, key, policy and tokens are gone, the inventory is empty',
  play: async (story) => {
    const answer = await story.withCrash(
      async () => await call({ method: 'DELETE', url: story.fly(`/extensions/${story.extensionId}`) }),
      25,
    );
    expectStatus(answer, 200, 202, 204);
    const left = await until(
      'the inventory is empty',
      async () => {
        const counts = await count(story);
        return Object.values(counts).every((number) => number === 0) ? counts : undefined;
      },
      GONE_WITHIN_MS,
    );
    const look = await call({
      method: 'GET',
      url: story.api(`/v1/apps/${story.appName}`),
      token: story.token,
    });
    expectEqual("the customer's token afterwards", look.status, 401);
    return {
      left:
        Object.keys(left).length === 0
          ? ''
          : Object.entries(left)
              .map(([name, number]) => `${name} ${number}`)
              .join(', '),
      token: look.status,
    };
  },
};

async function count(story: Story): Promise<Record<string, number>> {
  const found = inventory.parse(
    expectStatus(await call({ method: 'GET', url: story.fly('/inventory') }), 200),
  );
  return Object.fromEntries(Object.entries(found).map(([name, list]) => [name, list.length]));
}
