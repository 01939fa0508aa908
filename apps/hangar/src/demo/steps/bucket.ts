import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { call, expectEqual, expectStatus } from '../calls.ts';
import type { Step, Story } from '../story.ts';

const inside = z.object({ environment: z.record(z.string(), z.string()) });

export const bucket: Step = {
  title: "The environment's own key reads and writes its bucket; another environment's key is refused",
  play: async (story) => {
    const mine = await keyOf(story, story.appName);
    const other = await keyOf(story, story.otherAppName);
    story.bucketSecret = mine.secret;
    const note = { Bucket: mine.bucket, Key: 'notes/first.txt' };
    await mine.s3.send(new PutObjectCommand({ ...note, Body: 'written from inside' }));
    const read = await mine.s3.send(new GetObjectCommand(note));
    expectEqual('what was read back', await read.Body?.transformToString(), 'written from inside');

    const refusals = [
      await refused(async () => await other.s3.send(new GetObjectCommand(note))),
      await refused(async () => await other.s3.send(new PutObjectCommand({ ...note, Body: 'not mine' }))),
    ];
    expectEqual("the other key's answers", refusals, ['AccessDenied', 'AccessDenied']);
    mine.s3.destroy();
    other.s3.destroy();
    return { bucket: mine.bucket, wrote_and_read: true, foreign_key: refusals.join(', ') };
  },
};

/** The credentials that a machine of the app finds in its environment. */
async function keyOf(
  story: Story,
  appName: string,
): Promise<{ bucket: string; secret: string; s3: S3Client }> {
  const answer = await call({ method: 'GET', url: story.fly(`/apps/${appName}/environment`) });
  const { environment } = inside.parse(expectStatus(answer, 200));
  return {
    bucket: environment['FLY_TIGRIS_BUCKET'] ?? '',
    secret: environment['FLY_TIGRIS_SECRET_ACCESS_KEY'] ?? '',
    s3: new S3Client({
      endpoint: story.house.s3Url,
      region: 'auto',
      forcePathStyle: true,
      credentials: {
        accessKeyId: environment['FLY_TIGRIS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: environment['FLY_TIGRIS_SECRET_ACCESS_KEY'] ?? '',
      },
    }),
  };
}

async function refused(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt();
    return 'allowed';
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  }
}
