import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { call } from '../src/demo/calls.ts';
import { openHouse } from '../src/demo/house.ts';
import { steps } from '../src/demo/steps/index.ts';
import { Story } from '../src/demo/story.ts';

/** The forms in which a secret may hide: as it is, in hex, and in base64 at each of three offsets. */
function forms(secret: string): Buffer[] {
  const bytes = Buffer.from(secret);
  const shifted = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    // The first and last characters depend on the neighbours.
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
  return [bytes, Buffer.from(bytes.toString('hex')), ...shifted.map((text) => Buffer.from(text))];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('the one flow', () => {
  test(
    'KEY-1, LOG-1: leaves no secret in any log line, in any error, or on the disk',
    { timeout: 240_000 },
    async () => {
      const lines: string[] = [];
      const house = await openHouse({
        processes: 1,
        databaseUrl: undefined,
        onLine: (line) => lines.push(line),
        built: true,
      });
      const story = new Story(house, true);
      const canaries = new Map<string, string>(Object.entries(house.secrets));
      try {
        for (const step of steps) {
          await step.play(story);
          if (story.token !== '') canaries.set('the customer token', story.token.slice(4));
          if (story.narrowed !== '') canaries.set('the narrowed token', story.narrowed.slice(-60));
          if (story.bucketSecret !== '') canaries.set('the storage secret', story.bucketSecret);
        }
        const refused = await call({
          method: 'GET',
          url: story.api('/v1/apps/none'),
          token: `${story.token}x`,
        });
        expect(refused.status).toBe(401);
        const [, masterKey = ''] = house.secrets.HANGAR_MASTER_KEYS.split(':');
        canaries.set('the bytes of the master key', Buffer.from(masterKey, 'base64').toString('latin1'));

        const log = Buffer.from(`${lines.join('\n')}\n${refused.text}`);
        const files = filesBelow(house.dataDir).map((file) => ({ file, bytes: readFileSync(file) }));
        expect(files.length).toBeGreaterThan(100);
        expect(lines.length).toBeGreaterThan(50);
        const found: string[] = [];
        for (const [name, secret] of canaries) {
          for (const form of forms(secret)) {
            if (log.includes(form)) found.push(`${name} in the log`);
            for (const { file, bytes } of files) if (bytes.includes(form)) found.push(`${name} in ${file}`);
          }
        }
        expect(canaries.size).toBeGreaterThanOrEqual(10);
        expect(found).toEqual([]);
      } finally {
        await house.close();
      }
    },
  );
});
