import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { element, signedRequest, type RawAnswer } from './signed.ts';
import { aws, stage, type Stage } from './world.ts';

const bucket = '/conditions';
const abc = '900150983cd24fb0d6963f7d28e17f72';
const right = `"${abc}"`;
const wrong = '"00000000000000000000000000000000"';
const past = 'Mon, 01 Jan 2024 00:00:00 GMT';
const soon = (): string => new Date(Date.now() + 60_000).toUTCString();

/** What an operation answers: where the condition holds, where it fails, and where there is no object. */
interface Row {
  readonly header: string;
  readonly holds: () => string;
  readonly fails: () => string;
}

const headers: readonly Row[] = [
  { header: 'if-match', holds: () => right, fails: () => wrong },
  { header: 'if-none-match', holds: () => wrong, fails: () => right },
  { header: 'if-unmodified-since', holds: soon, fails: () => past },
  { header: 'if-modified-since', holds: () => past, fails: soon },
];

interface Operation {
  readonly name: string;
  readonly prefix: string;
  /** On `/conditions/k`, or with it as source. */
  readonly send: (on: Stage, headers: Record<string, string>) => Promise<RawAnswer>;
  readonly ok: number;
  readonly failed: (header: string) => number;
  /** What it answers when there is no object, by header. */
  readonly absent: (header: string) => number;
  /** What lies under `k`, or the copy's name, afterwards. */
  readonly target: string;
  readonly afterwards: { readonly ok: string | undefined; readonly failed: string | undefined };
}

const read = (method: 'GET' | 'HEAD'): Operation => ({
  name: method,
  prefix: '',
  send: (on, conditions) => signedRequest(on.s3, method, `${bucket}/k`, { headers: conditions }),
  ok: 200,
  failed: (header) => (header === 'if-none-match' || header === 'if-modified-since' ? 304 : 412),
  absent: () => 404,
  target: 'k',
  afterwards: { ok: 'abc', failed: 'abc' },
});

const onSource = {
  prefix: 'x-amz-copy-source-',
  failed: () => 412,
  absent: () => 404,
  ok: 200,
};

const operations: readonly Operation[] = [
  read('GET'),
  read('HEAD'),
  {
    name: 'PUT',
    prefix: '',
    send: (on, conditions) =>
      signedRequest(on.s3, 'PUT', `${bucket}/k`, { headers: conditions, body: 'new' }),
    ok: 200,
    failed: () => 412,
    absent: (header) => (header === 'if-match' ? 404 : 200),
    target: 'k',
    afterwards: { ok: 'new', failed: 'abc' },
  },
  {
    name: 'DELETE',
    prefix: '',
    send: (on, conditions) => signedRequest(on.s3, 'DELETE', `${bucket}/k`, { headers: conditions }),
    ok: 204,
    failed: () => 412,
    absent: (header) => (header === 'if-match' ? 404 : 204),
    target: 'k',
    afterwards: { ok: undefined, failed: 'abc' },
  },
  {
    name: 'copy onto it',
    prefix: '',
    send: async (on, conditions) => {
      await signedRequest(on.s3, 'PUT', `${bucket}/other`, { body: 'new' });
      const copied = { ...conditions, 'x-amz-copy-source': `${bucket}/other` };
      return await signedRequest(on.s3, 'PUT', `${bucket}/k`, { headers: copied });
    },
    ok: 200,
    failed: () => 412,
    absent: (header) => (header === 'if-match' ? 404 : 200),
    target: 'k',
    afterwards: { ok: 'new', failed: 'abc' },
  },
  {
    name: 'complete an upload onto it',
    prefix: '',
    send: async (on, conditions) => {
      const uploadId = await begun(on, `${bucket}/k`);
      const { headers: part } = await signedRequest(on.s3, 'PUT', `${bucket}/k`, {
        query: { uploadId, partNumber: '1' },
        body: 'new',
      });
      const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${String(part['etag'])}</ETag></Part></CompleteMultipartUpload>`;
      return await signedRequest(on.s3, 'POST', `${bucket}/k`, {
        query: { uploadId },
        headers: conditions,
        body,
      });
    },
    ok: 200,
    failed: () => 412,
    absent: (header) => (header === 'if-match' ? 404 : 200),
    target: 'k',
    afterwards: { ok: 'new', failed: 'abc' },
  },
  {
    ...onSource,
    name: 'copy from it',
    send: (on, conditions) =>
      signedRequest(on.s3, 'PUT', `${bucket}/copy`, {
        headers: { ...conditions, 'x-amz-copy-source': `${bucket}/k` },
      }),
    target: 'copy',
    afterwards: { ok: 'abc', failed: undefined },
  },
  {
    ...onSource,
    name: 'rename it',
    send: (on, conditions) =>
      signedRequest(on.s3, 'PUT', `${bucket}/copy`, {
        headers: { ...conditions, 'x-amz-copy-source': `${bucket}/k`, 'x-tigris-rename': 'true' },
      }),
    target: 'k',
    afterwards: { ok: undefined, failed: 'abc' },
  },
  {
    ...onSource,
    name: 'copy a part from it',
    send: async (on, conditions) => {
      const uploadId = await begun(on, `${bucket}/big`);
      const answer = await signedRequest(on.s3, 'PUT', `${bucket}/big`, {
        query: { uploadId, partNumber: '1' },
        headers: { ...conditions, 'x-amz-copy-source': `${bucket}/k` },
      });
      const parts = await signedRequest(on.s3, 'GET', `${bucket}/big`, { query: { uploadId } });
      expect(parts.text.includes('<PartNumber>')).toBe(answer.status === 200);
      return answer;
    },
    target: 'k',
    afterwards: { ok: 'abc', failed: 'abc' },
  },
];

async function begun(on: Stage, path: string): Promise<string> {
  return element(await signedRequest(on.s3, 'POST', path, { query: { uploads: '' } }), 'UploadId') ?? '';
}

async function stored(on: Stage, key: string): Promise<string | undefined> {
  const answer = await signedRequest(on.s3, 'GET', `${bucket}/${key}`);
  return answer.status === 404 ? undefined : answer.text;
}

describe('operation × condition × (holds, fails, object absent)', () => {
  test.each(operations)('$name', async (operation) => {
    const on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'conditions' }));
    const rows: unknown[] = [];
    const expected: unknown[] = [];
    const attempt = async (row: Row, kind: 'holds' | 'fails' | 'absent'): Promise<void> => {
      for (const key of ['k', 'copy']) await signedRequest(on.s3, 'DELETE', `${bucket}/${key}`);
      if (kind !== 'absent') await signedRequest(on.s3, 'PUT', `${bucket}/k`, { body: 'abc' });
      const value = kind === 'fails' ? row.fails() : row.holds();
      const { status } = await operation.send(on, { [operation.prefix + row.header]: value });
      rows.push([row.header, kind, status, kind === 'absent' ? '' : await stored(on, operation.target)]);
      const want = {
        holds: [operation.ok, operation.afterwards.ok],
        fails: [operation.failed(row.header), operation.afterwards.failed],
        absent: [operation.absent(row.header), ''],
      }[kind];
      expected.push([row.header, kind, ...want]);
    };
    for (const row of headers)
      for (const kind of ['holds', 'fails', 'absent'] as const) await attempt(row, kind);
    expect(rows).toEqual(expected);
  });
});

describe('what counts when several are given, and how they are written', () => {
  let on: Stage;
  const get = async (conditions: Record<string, string>): Promise<number> => {
    await signedRequest(on.s3, 'PUT', `${bucket}/k`, { body: 'abc' });
    return (await signedRequest(on.s3, 'GET', `${bucket}/k`, { headers: conditions })).status;
  };

  test('the ETag counts and the date beside it does not', async () => {
    on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'conditions' }));
    expect(await get({ 'if-match': right, 'if-unmodified-since': past })).toBe(200);
    expect(await get({ 'if-none-match': wrong, 'if-modified-since': soon() })).toBe(200);
    expect(await get({ 'if-none-match': right, 'if-modified-since': past })).toBe(304);
    expect(await get({ 'if-match': wrong, 'if-none-match': right })).toBe(412);
    expect(await get({ 'if-match': `${wrong}, ${right}` })).toBe(200);
    expect(await get({ 'if-match': '*' })).toBe(200);
    expect(await get({ 'if-match': `W/${right}` })).toBe(412);
    expect(await get({ 'if-none-match': `W/${right}` })).toBe(304);
    expect(await get({ 'if-none-match': '*' })).toBe(304);
    expect(await get({ 'if-match': abc })).toBe(200);
    expect(await get({ 'if-unmodified-since': 'yesterday' })).toBe(200);
  });

  test('304 says which object it was', async () => {
    on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'conditions' }));
    await signedRequest(on.s3, 'PUT', `${bucket}/k`, {
      body: 'abc',
      headers: { 'cache-control': 'no-cache' },
    });
    const answer = await signedRequest(on.s3, 'GET', `${bucket}/k`, { headers: { 'if-none-match': right } });
    expect(answer).toMatchObject({
      status: 304,
      text: '',
      headers: { etag: right, 'cache-control': 'no-cache' },
    });
  });

  test.each(['', '""'])('If-Match with the empty tag %j creates only', async (tag) => {
    on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'conditions' }));
    const put = async (body: string): Promise<number> =>
      (await signedRequest(on.s3, 'PUT', `${bucket}/k`, { headers: { 'if-match': tag }, body })).status;
    expect([await put('first'), await put('second'), await stored(on, 'k')]).toEqual([200, 412, 'first']);
  });

  test.each([
    ['another ETag', () => '"other"', 200, 'abc'],
    ['its ETag', () => right, 206, 'a'],
    ['a weak ETag', () => `W/${right}`, 200, 'abc'],
    ['an old date', () => past, 200, 'abc'],
    ['nonsense', () => 'yesterday', 200, 'abc'],
  ])('If-Range with %s', async (_title, value, status, text) => {
    on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'conditions' }));
    await signedRequest(on.s3, 'PUT', `${bucket}/k`, { body: 'abc' });
    const conditions = { range: 'bytes=0-0', 'if-range': value() };
    expect(await signedRequest(on.s3, 'GET', `${bucket}/k`, { headers: conditions })).toMatchObject({
      status,
      text,
    });
  });

  test('If-Range with the date that the object has', async () => {
    on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'conditions' }));
    await signedRequest(on.s3, 'PUT', `${bucket}/k`, { body: 'abc' });
    const { headers: known } = await signedRequest(on.s3, 'HEAD', `${bucket}/k`);
    const conditions = { range: 'bytes=0-0', 'if-range': String(known['last-modified']) };
    expect((await signedRequest(on.s3, 'GET', `${bucket}/k`, { headers: conditions })).status).toBe(206);
  });

  test('a delete may also name a size and a time, one of many an ETag', async () => {
    on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'conditions' }));
    await signedRequest(on.s3, 'PUT', `${bucket}/k`, { body: 'abc' });
    const remove = async (conditions: Record<string, string>): Promise<number> =>
      (await signedRequest(on.s3, 'DELETE', `${bucket}/k`, { headers: conditions })).status;
    expect(await remove({ 'x-amz-if-match-size': '4' })).toBe(412);
    expect(await remove({ 'x-amz-if-match-last-modified-time': past })).toBe(412);
    const many = async (tag: string): Promise<RawAnswer> =>
      await signedRequest(on.s3, 'POST', bucket, {
        query: { delete: '' },
        body: `<Delete><Object><Key>k</Key><ETag>${tag}</ETag></Object></Delete>`,
      });
    expect(element(await many(wrong), 'Code')).toBe('PreconditionFailed');
    expect(await stored(on, 'k')).toBe('abc');
    expect(element(await many(right), 'Key')).toBe('k');
    expect(await stored(on, 'k')).toBeUndefined();
    expect(element(await many(right), 'Code')).toBe('NoSuchKey');
  });
});
