import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type HangarProcess, type Hangars, startHangars } from '../../../test/harness/hangars.ts';
import { call } from '../src/demo/calls.ts';
import { until } from '../src/processes/waiting.ts';

let hangars: Hangars;
beforeAll(async () => {
  hangars = await startHangars({
    environment: { HANGAR_GATEWAY_MODE: 'passthrough', HANGAR_FLY: 'simulator' },
  });
}, 120_000);
afterAll(async () => await hangars.close(), 60_000);

const server = (): HangarProcess => hangars.servers[0]!;
const fly = async (method: string, path: string, body?: object) =>
  await call({ method, url: `${hangars.flyUrl}/_fly${path}`, body });

const inventory = z.object({
  apps: z.array(z.object({ name: z.string() })),
  buckets: z.array(z.object({ name: z.string() })),
  policies: z.array(z.unknown()),
  access_keys: z.array(z.object({ name: z.string(), status: z.string() })),
});

/** What there is of the app: itself, its buckets, policies and keys. */
async function left(): Promise<{ counts: readonly number[]; bucket: string | undefined }> {
  const seen = inventory.parse((await fly('GET', '/inventory')).json);
  const keys = seen.access_keys.filter(({ name }) => name.startsWith('hangar.'));
  const counts = [seen.apps.length, seen.buckets.length, seen.policies.length, keys.length];
  return { counts, bucket: seen.buckets[0]?.name };
}

async function ask(method: string, path: string, body?: object): Promise<number> {
  const response = await fetch(`${server().url}${path}`, {
    method,
    headers: { authorization: `Bearer ${hangars.secrets.FLY_API_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
}
const create = async (): Promise<number> =>
  await ask('POST', '/v1/apps', { app_name: 'my-app', org_slug: 'operator' });
const remove = async (): Promise<number> => await ask('DELETE', '/v1/apps/my-app');

/** Kills the process when the simulator has carried out a call and has not answered yet, and starts it again. */
async function killAt(moment: object, request: () => Promise<number>): Promise<void> {
  await fly('POST', '/faults', { ...moment, kind: 'hang', when: 'after', times: 0 });
  const lost = request().then(
    (status) => `answered ${status}`,
    (error: Error) => error.message,
  );
  const struck = z.object({ faults: z.array(z.object({ struck: z.number() })) });
  await until(`${JSON.stringify(moment)} was called`, async () => {
    const { faults } = struck.parse((await fly('GET', '/faults')).json);
    return faults.some((fault) => fault.struck > 0) ? true : undefined;
  });
  await server().process.kill();
  expect(await lost).toBe('fetch failed');
  await fly('DELETE', '/faults');
  await server().restart();
}

const MAKING = [
  [{ door: 'machines', method: 'POST', route: '/v1/apps' }, [1, 0, 0, 0]],
  [{ door: 'iam', route: '/CreatePolicy' }, [1, 0, 1, 0]],
  [{ door: 's3', method: 'PUT' }, [1, 1, 1, 0]],
  [{ door: 'iam', route: '/CreateAccessKey' }, [1, 1, 1, 1]],
  [{ door: 'iam', route: '/AttachUserPolicy' }, [1, 1, 1, 1]],
] as const;

const UNMAKING = [
  [{ door: 'machines', method: 'DELETE', route: '/v1/apps/*' }, [0, 1, 1, 1]],
  [{ door: 'iam', route: '/UpdateAccessKey' }, [0, 1, 1, 1]],
  [{ door: 's3', method: 'DELETE' }, [0, 0, 1, 1]],
  [{ door: 'iam', route: '/DetachUserPolicy' }, [0, 0, 1, 1]],
  [{ door: 'iam', route: '/DeleteAccessKey' }, [0, 0, 1, 0]],
] as const;

describe('passthrough, killed with SIGKILL', { timeout: 240_000 }, () => {
  test.each(MAKING)(
    'while it makes an app at %o: whoever repeats finishes it, with the same bucket',
    async (moment, halfway) => {
      await killAt(moment, create);
      const half = await left();
      expect(half.counts).toEqual(halfway);
      if (half.counts[2] === 1) {
        expect(await create()).toBe(409);
        expect((await left()).counts).toEqual(halfway);
        await fly('POST', '/clock', { advance_seconds: 121 });
      }
      await until('it is finished', async () => ((await create()) === 201 ? true : undefined), 20_000);
      const whole = await left();
      expect(whole.counts).toEqual([1, 1, 1, 1]);
      if (half.bucket !== undefined) expect(whole.bucket).toBe(half.bucket);
      expect(await create()).toBe(422);
      expect(await remove()).toBe(202);
      expect((await left()).counts).toEqual([0, 0, 0, 0]);
    },
  );

  test('when it has set the secrets: the app is whole, and its name is taken', async () => {
    await killAt({ door: 'machines', method: 'POST', route: '/v1/apps/*/secrets' }, create);
    expect((await left()).counts).toEqual([1, 1, 1, 1]);
    expect(await create()).toBe(422);
    expect(await remove()).toBe(202);
    expect((await left()).counts).toEqual([0, 0, 0, 0]);
  });

  test.each(UNMAKING)(
    'while it deletes an app at %o: a second DELETE leaves nothing',
    async (moment, halfway) => {
      expect(await create()).toBe(201);
      await killAt(moment, remove);
      expect((await left()).counts).toEqual(halfway);
      expect(await remove()).toBe(202);
      expect((await left()).counts).toEqual([0, 0, 0, 0]);
      expect(await remove()).toBe(404);
    },
  );

  test('when the last of it was deleted: there is nothing, and nothing to delete', async () => {
    expect(await create()).toBe(201);
    await killAt({ door: 'iam', route: '/DeletePolicy' }, remove);
    expect((await left()).counts).toEqual([0, 0, 0, 0]);
    expect(await remove()).toBe(404);
  });
});
