import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { type Hangars, startHangars } from '../../../test/harness/hangars.ts';
import { mountDisk, NO_DISK } from '../../../test/harness/small-disk.ts';
import { type Answer, call } from '../src/demo/calls.ts';

/** On Postgres it is the server's disk that fills. */
const isEmbedded = inject('postgresUrl') === '';
const disk = isEmbedded ? mountDisk('128m') : undefined;
let hangars: Hangars | undefined;
afterAll(async () => {
  await hangars?.close();
  disk?.unmount();
}, 60_000);

/** More than fit into what the database has set aside: it goes on writing there when the disk is full. */
const MANY_WRITES = 500;

test('KEY-6: a disk that fills while Hangar runs makes writes and /readyz 503, and both recover', async ({
  skip,
}) => {
  skip(!isEmbedded, 'about the embedded database');
  if (disk === undefined) return skip(NO_DISK);
  hangars = await startHangars({ environment: { HANGAR_DATA_DIR: join(disk.folder, 'data') } });
  const { url, gatewayUrl } = hangars.servers[0]!;
  const order = {
    id: 'disk',
    name: 'disk',
    primary_region: 'fra',
    organization_id: '04La2mblTaz',
    user_id: 'NeBO2G0l0yJ6',
  };
  const bought = await call({ method: 'POST', url: `${hangars.flyUrl}/_fly/extensions`, body: order });
  const { extension } = z
    .object({ extension: z.object({ config: z.object({ HANGAR_API_TOKEN: z.string() }) }) })
    .parse(bought.json);
  const write = async (): Promise<Answer> =>
    await call({
      method: 'POST',
      url: `${gatewayUrl}/hangar/v1/tokens`,
      token: extension.config.HANGAR_API_TOKEN,
      body: { preset: 'readonly', expires_in: '1h', name: 'one of many' },
    });
  const ready = async (): Promise<Answer> => await call({ method: 'GET', url: `${url}/readyz` });
  expect([(await write()).status, (await ready()).status]).toEqual([201, 200]);

  disk.fill();
  let answer = await write();
  for (let count = 1; answer.status === 201 && count < MANY_WRITES; count += 1) answer = await write();
  expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } });
  expect(answer.headers['retry-after']).toBe('5');
  // Its last outcome holds for a second.
  await expect
    .poll(ready, { timeout: 10_000 })
    .toMatchObject({ status: 503, json: { code: 'not_ready', reason: 'the database cannot be written' } });
  expect(statfsSync(disk.folder).bavail).toBe(0);

  disk.free();
  expect((await write()).status).toBe(201);
  await expect.poll(ready, { timeout: 20_000 }).toMatchObject({ status: 200, json: { status: 'ready' } });
}, 120_000);
