import { spawn, type ChildProcess } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';
import { createSimulator, simulatedSecrets } from '../src/index.ts';
import { aws, control, flaps, send, stage, temporaryFolder } from './world.ts';

const script = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Running {
  readonly doors: Record<string, string>;
  /** Kills it, and says by what it ended. */
  kill(): Promise<NodeJS.Signals | null>;
}

async function run(state: string): Promise<Running> {
  const child = spawn(
    process.execPath,
    ['--conditions=hangar-source', '--import', 'tsx', script, '--json', '--port', '0', '--state', state],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '' } },
  );
  children.push(child);
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal));
  });
  for await (const line of createInterface(child.stdout)) {
    return {
      doors: JSON.parse(line) as Record<string, string>,
      kill: async () => {
        child.kill('SIGKILL');
        return await ended;
      },
    };
  }
  throw new Error('the process said nothing');
}

const headers = { authorization: `Bearer ${simulatedSecrets.operatorToken}` };
const app = (on: Running, name: string) =>
  send('POST', `${on.doors['machines']}/v1/apps`, {
    body: { app_name: name, org_slug: 'operator' },
    headers,
  });
const appNames = async (on: Running): Promise<unknown> => {
  const list = await send('GET', `${on.doors['machines']}/v1/apps?org_slug=operator`, { headers });
  return (list.at('apps') as { name: string }[]).map((one) => one.name);
};

/** Files of a folder: which they are, how long, and when they were last written. */
function filesOf(folder: string): Map<string, { ino: bigint; size: number; mtimeNs: bigint }> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name);
      const { ino, size, mtimeNs } = statSync(path, { bigint: true });
      return [path, { ino, size: Number(size), mtimeNs }];
    }),
  );
}

/** Bytes that were put to the disk between two looks: what grew by its growth, what is another file or was written over as a whole. */
function written(before: ReturnType<typeof filesOf>, after: ReturnType<typeof filesOf>): number {
  let bytes = 0;
  for (const [path, now] of after) {
    const then = before.get(path);
    if (then?.mtimeNs === now.mtimeNs && then.ino === now.ino) continue;
    const grown = then?.ino === now.ino && now.size > then.size;
    bytes += grown ? now.size - then.size : now.size;
  }
  return bytes;
}

test('a small put writes the same in an empty world and in one that holds 64 MiB', async () => {
  const cost = async (mebibytes: number): Promise<number> => {
    const folder = temporaryFolder();
    const on = await run(join(folder, 'world.json'));
    const { s3 } = aws({ s3: on.doors['s3'] ?? '', iam: on.doors['iam'] ?? '' });
    await s3.send(new CreateBucketCommand({ Bucket: 'full' }));
    for (let one = 0; one < mebibytes; one += 16) {
      const Body = new Uint8Array(16 * 1024 * 1024);
      await s3.send(new PutObjectCommand({ Bucket: 'full', Key: `big-${one}`, Body }));
    }
    const before = filesOf(folder);
    for (const Key of ['a', 'b', 'c'])
      await s3.send(new PutObjectCommand({ Bucket: 'full', Key, Body: '1' }));
    const bytes = written(before, filesOf(folder));
    expect(await on.kill()).toBe('SIGKILL');
    expect([...before.values()].reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(
      mebibytes * 1024 * 1024,
    );
    return bytes;
  };
  const empty = await cost(0);
  expect(empty).toBeGreaterThan(3);
  expect(await cost(64)).toBeLessThan(2 * empty);
});

test('what was acknowledged is there after a kill between append and snapshot', async () => {
  const folder = temporaryFolder();
  const state = join(folder, 'world.json');
  const first = await run(state);
  await app(first, 'one');
  await send('POST', `${first.doors['machines']}/v1/apps/one/secrets/KEY`, { body: { value: 'v' }, headers });
  await app(first, 'two');
  await send('DELETE', `${first.doors['machines']}/v1/apps/two`, { headers });
  expect(await first.kill()).toBe('SIGKILL');
  expect(readdirSync(folder)).toEqual(['world.json.journal.0', 'world.json.lock']);

  const second = await run(state);
  expect(await appNames(second)).toEqual(['one']);
  const secret = `${second.doors['machines']}/v1/apps/one/secrets/KEY?show_secrets=true`;
  expect((await send('GET', secret, { headers })).at('value')).toBe('v');
  expect(await second.kill()).toBe('SIGKILL');
});

test('a journal that has grown is folded into a snapshot while the answers go on, and a kill then loses nothing', async () => {
  const folder = temporaryFolder();
  const state = join(folder, 'world.json');
  const first = await run(state);
  await app(first, 'one');
  const value = 'x'.repeat(60_000);
  for (let number = 0; number < 12; number++) {
    await send('POST', `${first.doors['machines']}/v1/apps/one/secrets/KEY`, {
      body: { value: `${number}${value}` },
      headers,
    });
  }
  await expect.poll(() => existsSync(`${state}.journal.0`), { timeout: 10_000 }).toBe(false);
  expect(await first.kill()).toBe('SIGKILL');
  const second = await run(state);
  const secret = `${second.doors['machines']}/v1/apps/one/secrets/KEY?show_secrets=true`;
  expect((await send('GET', secret, { headers })).at('value')).toBe(`11${value}`);
  expect(await second.kill()).toBe('SIGKILL');
});

/** A world with three commits behind a snapshot, as a kill would leave it, for the tests to turn it into that of another moment. */
async function killedState(): Promise<{ state: string; names: () => Promise<unknown> }> {
  const folder = temporaryFolder();
  const state = join(folder, 'world.json');
  const clean = await stage({ state });
  await flaps(clean)('POST', '/apps', { app_name: 'zero', org_slug: 'operator' });
  await clean.close();
  const on = await stage({ state });
  for (const app_name of ['one', 'two']) await flaps(on)('POST', '/apps', { app_name, org_slug: 'operator' });
  await flaps(on)('DELETE', '/apps/zero');
  const left = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const);
  await on.close();
  for (const [name, bytes] of left) writeFileSync(join(folder, name), bytes);
  const names = async (): Promise<unknown> => {
    const again = await stage({ state });
    const list = await flaps(again)('GET', '/apps?org_slug=operator');
    await again.close();
    return (list.at('apps') as { name: string }[]).map((one) => one.name);
  };
  return { state, names };
}

test('a kill after the next journal was begun and before its snapshot was whole', async () => {
  const { state, names } = await killedState();
  const generation = Number(/"generation":(\d+)/.exec(readFileSync(state, 'utf8'))?.[1]);
  const journal = `${state}.journal.${generation}`;
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeGreaterThanOrEqual(3);
  writeFileSync(journal, `${lines[0]}\n`);
  writeFileSync(`${state}.journal.${generation + 1}`, `${lines.slice(1).join('\n')}\n`);
  writeFileSync(`${state}.new`, '{"format":"hangar-simulator-2","gen');
  expect(await names()).toEqual(['one', 'two']);
});

test('a kill after the snapshot and before the old journal was removed', async () => {
  const { state, names } = await killedState();
  const generation = Number(/"generation":(\d+)/.exec(readFileSync(state, 'utf8'))?.[1]);
  const old = `${state}.journal.${generation}`;
  copyFileSync(old, `${state}.kept`);
  const on = await stage({ state });
  await flaps(on)('DELETE', '/apps/two');
  await on.close();
  renameSync(`${state}.kept`, old);
  expect(await names()).toEqual(['one']);
});

test('half a line at the end was never acknowledged and does not count', async () => {
  const { state, names } = await killedState();
  const generation = Number(/"generation":(\d+)/.exec(readFileSync(state, 'utf8'))?.[1]);
  const journal = `${state}.journal.${generation}`;
  writeFileSync(journal, `${readFileSync(journal, 'utf8')}[[["apps","three"],{"na`);
  expect(await names()).toEqual(['one', 'two']);
});

test.each<[string, (state: string, generation: number) => string]>([
  [
    'a line of the journal',
    (state, at) => (
      writeFileSync(`${state}.journal.${at}`, 'x\n'),
      `${state}.journal.${at} is damaged in line 1`
    ),
  ],
  ['the snapshot', (state) => (writeFileSync(state, '{"format":"hang'), `${state} is not JSON`)],
  [
    'a journal in the middle',
    (state, at) => {
      renameSync(`${state}.journal.${at}`, `${state}.journal.${at + 1}`);
      return `${state}.journal.${at} is missing`;
    },
  ],
])('damage is named with its path, and nothing is written over it: %s', async (_title, damage) => {
  const { state } = await killedState();
  const generation = Number(/"generation":(\d+)/.exec(readFileSync(state, 'utf8'))?.[1]);
  const sentence = damage(state, generation);
  const before = readdirSync(join(state, '..'));
  expect(() => createSimulator({ state })).toThrow(sentence);
  expect(readdirSync(join(state, '..'))).toEqual(before);
});

test('bodies are files of their own, and one that nobody needs goes', async () => {
  const state = join(temporaryFolder(), 'world.json');
  const on = await stage({ state });
  const { s3 } = aws(on);
  await s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
  for (const Body of ['first', 'second'])
    await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'k', Body }));
  expect(readdirSync(`${state}.bodies`)).toHaveLength(1);
  writeFileSync(join(`${state}.bodies`, 'left-by-a-crash'), 'x');
  await on.close();

  const again = await stage({ state });
  expect(readdirSync(`${state}.bodies`)).toHaveLength(1);
  const got = await aws(again).s3.send(
    new GetObjectCommand({ Bucket: 'kept', Key: 'k', Range: 'bytes=1-3' }),
  );
  expect(await got.Body?.transformToString()).toBe('eco');
});

test('a power cut that loses the end of the journal, and bodies, costs the objects whose bodies are gone and nothing else', async () => {
  const state = join(temporaryFolder(), 'world.json');
  const on = await stage({ state });
  const { s3 } = aws(on);
  const Bucket = 'kept';
  await s3.send(new CreateBucketCommand({ Bucket }));
  for (const Key of ['short', 'changed', 'deleted', 'whole'])
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: `${Key} at first` }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  for (const PartNumber of [1, 2])
    await s3.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber, Body: 'a part' }));
  const objects = on.simulator.world.buckets.get(Bucket)?.objects;
  const parts = on.simulator.world.buckets.get(Bucket)?.uploads.get(UploadId ?? '')?.parts;
  const path = (one: { body: string } | undefined): string => join(`${state}.bodies`, one?.body ?? '');
  const [short, changed, deleted, part] = [
    path(objects?.get('short')),
    path(objects?.get('changed')),
    path(objects?.get('deleted')),
    path(parts?.get('1')),
  ];
  const older = readFileSync(`${state}.journal.0`);
  await s3.send(new PutObjectCommand({ Bucket, Key: 'changed', Body: 'changed later' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'new' }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'deleted' }));
  await s3.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: 'another' }));
  const bodies = readdirSync(`${state}.bodies`).map((name) => join(`${state}.bodies`, name));
  const newer = bodies.map((body) => [body, readFileSync(body)] as const);
  await on.close();
  rmSync(state);
  writeFileSync(`${state}.journal.0`, older);
  for (const [body, bytes] of newer) writeFileSync(body, bytes);
  writeFileSync(short, 'sho');

  const losses: unknown[] = [];
  const again = await stage({ state, onError: (loss) => losses.push(loss) });
  expect(losses).toEqual([
    `${short} has 3 bytes and should have 14: object "short" of bucket kept is dropped`,
    `${changed} is missing: object "changed" of bucket kept is dropped`,
    `${deleted} is missing: object "deleted" of bucket kept is dropped`,
    `${part} is missing: part 1 of an upload of "parts" to bucket kept is dropped`,
  ]);
  const after = aws(again).s3;
  const { Contents } = await after.send(new ListObjectsV2Command({ Bucket }));
  expect(Contents?.map((one) => one.Key)).toEqual(['whole']);
  const got = await after.send(new GetObjectCommand({ Bucket, Key: 'whole' }));
  expect(await got.Body?.transformToString()).toBe('whole at first');
  const { Parts } = await after.send(new ListPartsCommand({ Bucket, Key: 'parts', UploadId }));
  expect(Parts?.map((one) => one.PartNumber)).toEqual([2]);
  expect(readdirSync(`${state}.bodies`)).toHaveLength(2);
  await again.close();
  // Written down: it is said once.
  await stage({ state });
});

test('a change of a machine, an app or a bucket does not write down its history, secrets or objects again', async () => {
  const state = join(temporaryFolder(), 'world.json');
  const on = await stage({ state });
  const call = flaps(on);
  const { s3 } = aws(on);
  await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  const body = { config: { image: 'a' }, skip_launch: true };
  const id = (await call('POST', '/apps/one/machines', body)).text('id');
  await s3.send(new CreateBucketCommand({ Bucket: 'full' }));
  const written = async (change: () => Promise<unknown>): Promise<number> => {
    const before = statSync(`${state}.journal.0`).size;
    await change();
    return statSync(`${state}.journal.0`).size - before;
  };
  const changes = [
    () => call('POST', `/apps/one/machines/${id}/cordon`),
    () => call('POST', '/apps/one/secrets/KEY', { value: 'v' }),
    () => s3.send(new PutObjectCommand({ Bucket: 'full', Key: 'k', Body: 'v' })),
  ];
  const first: number[] = [];
  for (const change of changes) first.push(await written(change));
  const machine = on.simulator.world.machines.get(id);
  for (let number = 0; number < 200; number++) {
    const event = {
      id: `e${number}`,
      type: 'exit',
      status: 'stopped',
      source: 'flyd',
      timestamp: number,
    } as const;
    machine?.events.set(event.id, event);
    await call('POST', `/apps/one/secrets/S${number}`, { value: 'some secret' });
    if (number < 20) await s3.send(new PutObjectCommand({ Bucket: 'full', Key: `k${number}`, Body: 'v' }));
  }
  for (const [index, change] of changes.entries()) {
    const bytes = await written(change);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(2 * (first[index] ?? 0));
  }
});

test('a reset takes the bodies along', async () => {
  const state = join(temporaryFolder(), 'world.json');
  const on = await stage({ state });
  const { s3 } = aws(on);
  await s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
  await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'k', Body: 'v' }));
  await control(on)('POST', '/reset');
  expect(readdirSync(`${state}.bodies`)).toEqual([]);
});

test('the one file of version 0.1 is still read, bodies included', async () => {
  const state = join(temporaryFolder(), 'world.json');
  writeFileSync(state, firstFormat);
  const on = await stage({ state });
  const { s3 } = aws(on);
  const got = await s3.send(new GetObjectCommand({ Bucket: 'kept', Key: 'k' }));
  expect(await got.Body?.transformToString()).toBe('hello');
  expect((await s3.send(new ListObjectsV2Command({ Bucket: 'kept' }))).KeyCount).toBe(1);
  expect((await flaps(on)('GET', '/apps/one/secrets/KEY?show_secrets=true')).at('value')).toBe('v');
  expect((await control(on)('GET', '/clock')).at('offset_ms')).toBe(3_600_000);
  // Until it is written anew, each reading of the old file gives its bodies other names.
  await expect.poll(() => existsSync(`${state}.journal.0`), { timeout: 10_000 }).toBe(false);
  await on.close();
  const again = await stage({ state });
  const kept = await aws(again).s3.send(new GetObjectCommand({ Bucket: 'kept', Key: 'k' }));
  expect(await kept.Body?.transformToString()).toBe('hello');
});

const key = Buffer.alloc(32, 7).toString('base64');
const firstFormat = JSON.stringify({
  clockOffsetMs: 3_600_000,
  counter: 9,
  rootKey: { $bytes: key },
  ticketKey: { $bytes: key },
  limitedTokens: { $map: [] },
  organizations: {
    $map: [['operator', { id: 'op3rat0r5ecur1ty', slug: 'operator', name: 'Operator', number: 50_001 }]],
  },
  users: { $map: [] },
  apps: {
    $map: [
      [
        'one',
        {
          id: 'a1',
          number: 90_001,
          name: 'one',
          organization: 'operator',
          network: 'default',
          createdAtMs: 1,
          secretsVersion: 1,
          secrets: {
            $map: [['KEY', { name: 'KEY', value: 'v', digest: 'd', createdAtMs: 1, updatedAtMs: 1 }]],
          },
        },
      ],
    ],
  },
  machines: { $map: [] },
  buckets: {
    $map: [
      [
        'kept',
        {
          name: 'kept',
          createdAtMs: 1,
          foreign: false,
          objects: {
            $map: [
              [
                'k',
                {
                  key: 'k',
                  bytes: { $bytes: Buffer.from('hello').toString('base64') },
                  etag: '5d41402abc4b2a76b9719d911017c592',
                  modifiedAtMs: 1,
                  headers: {},
                  metadata: {},
                  crc32: 'NhCmhg==',
                },
              ],
            ],
          },
          uploads: { $map: [] },
        },
      ],
    ],
  },
  webhooks: [],
  events: [],
});
