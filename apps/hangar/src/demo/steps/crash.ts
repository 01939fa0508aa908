import { z } from 'zod';
import { call, expectEqual, expectStatus } from '../calls.ts';
import type { Step, Story } from '../story.ts';
import { until } from '../../processes/waiting.ts';

const webhooks = z.array(
  z.object({
    verified: z.boolean(),
    action: z.string(),
    resource: z.object({ id: z.string(), status: z.string() }),
  }),
);
const resource = z.object({ extension: z.object({ status: z.string() }) });

export const crash: Step = {
  title: 'A machine crashes: the event comes in, the status changes, one signed webhook reaches Fly.io',
  play: async (story) => {
    await settled(story, 'ready');
    const before = (await received(story)).length;
    expectStatus(
      await call({
        method: 'POST',
        url: story.fly(`/machines/${story.machineId}/crash`),
        body: { reason: 'out of memory' },
      }),
      200,
      201,
      202,
    );
    await settled(story, 'error');
    const fresh = await until('the webhook arrives', async () => {
      const all = (await received(story)).slice(before);
      return all.length > 0 ? all : undefined;
    });
    expectEqual(
      'webhooks after the crash',
      fresh.map((hook) => [hook.action, hook.resource.status, hook.verified]),
      [['resource.updated', 'error', true]],
    );
    return { status: 'error', webhooks: fresh.length, signature: 'verified' };
  },
};

/** Waits until both what Fly.io is told on asking and what it was told by webhook is `status`. */
async function settled(story: Story, status: string): Promise<void> {
  await until(`the extension is ${status}`, async () => {
    const answer = await call({ method: 'GET', url: story.fly(`/extensions/${story.extensionId}`) });
    const asked = resource.safeParse(answer.json);
    const told = (await received(story)).at(-1)?.resource.status ?? 'ready';
    return asked.success && asked.data.extension.status === status && told === status ? true : undefined;
  });
}

/** The webhooks about this extension, oldest first. */
async function received(story: Story): Promise<z.infer<typeof webhooks>> {
  const answer = await call({ method: 'GET', url: story.fly('/webhooks') });
  const list = z.object({ webhooks }).parse(expectStatus(answer, 200)).webhooks;
  return list.filter((hook) => hook.resource.id === story.extensionId);
}
