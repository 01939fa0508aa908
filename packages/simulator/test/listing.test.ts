import { CreateBucketCommand, GetBucketLocationCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { element, rawRequest, signedRequest, type RawAnswer } from './signed.ts';
import { aws, nameOfError, stage, type Stage } from './world.ts';

const keys = ['a/1', 'a/2', 'b', 'c d', 'e'];

async function filled(): Promise<Stage> {
  const on = await stage();
  await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'lists' }));
  for (const key of keys) await signedRequest(on.s3, 'PUT', `/lists/${key}`, { body: key });
  return on;
}

const list = (on: Stage, query: Record<string, string>): Promise<RawAnswer> =>
  signedRequest(on.s3, 'GET', '/lists', { query });
const v2 = (on: Stage, query: Record<string, string>): Promise<RawAnswer> =>
  list(on, { 'list-type': '2', ...query });
const all = (answer: RawAnswer, name: string): string[] =>
  [...answer.text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((one) => one[1] ?? '');

test('the location of a bucket is said, also to clients that ask before everything', async () => {
  const on = await filled();
  const answer = await list(on, { location: '' });
  expect(answer.status).toBe(200);
  expect(answer.text).toContain(
    '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">auto</LocationConstraint>',
  );
  const { s3 } = aws(on);
  expect((await s3.send(new GetBucketLocationCommand({ Bucket: 'lists' }))).LocationConstraint).toBe('auto');
  expect(await nameOfError(s3.send(new GetBucketLocationCommand({ Bucket: 'none' })))).toBe('NoSuchBucket');
});

test('a token goes on with its own list, and with no other', async () => {
  const on = await filled();
  const first = await v2(on, { 'max-keys': '2' });
  const token = element(first, 'NextContinuationToken') ?? '';
  expect(all(await v2(on, { 'max-keys': '2', 'continuation-token': token }), 'Key')).toEqual(['b', 'c d']);
  expect(all(await v2(on, { 'continuation-token': token }), 'Key')).toEqual(['b', 'c d', 'e']);
  await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'others' }));
  const elsewhere = await signedRequest(on.s3, 'GET', '/others', {
    query: { 'list-type': '2', 'continuation-token': token },
  });
  const refused = [
    await v2(on, { 'continuation-token': token, prefix: 'a' }),
    await v2(on, { 'continuation-token': token, delimiter: '/' }),
    await v2(on, { 'continuation-token': `${token}x` }),
    await v2(on, { 'continuation-token': `${token}.x` }),
    await v2(on, { 'continuation-token': 'garbage' }),
    await v2(on, { 'continuation-token': Buffer.from('b').toString('base64url') }),
    await v2(on, { 'continuation-token': '' }),
    elsewhere,
  ];
  expect(refused.map((one) => `${one.status} ${element(one, 'Code')}`)).toEqual(
    refused.map(() => '400 InvalidArgument'),
  );
});

test('a page that ends with a folded prefix is followed by what comes after it', async () => {
  const on = await filled();
  const { s3 } = aws(on);
  const seen: (string | undefined)[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: 'lists', Delimiter: '/', MaxKeys: 1, ContinuationToken }),
    );
    seen.push(
      ...(page.CommonPrefixes ?? []).map((one) => one.Prefix),
      ...(page.Contents ?? []).map((one) => one.Key),
    );
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  expect(seen).toEqual(['a/', 'b', 'c d', 'e']);
  // Where the list starts inside the prefix, there is more of the prefix to tell.
  expect(all(await v2(on, { delimiter: '/', 'start-after': 'a/1' }), 'Prefix')).toContain('a/');
  expect(all(await list(on, { delimiter: '/', marker: 'a/' }), 'Prefix')).not.toContain('a/');
});

test.each<[string, 'max-keys' | 'max-uploads', string]>([
  ['/lists', 'max-keys', 'MaxKeys'],
  ['/lists', 'max-uploads', 'MaxUploads'],
])('%s with %s says how many it really gives', async (path, name, said) => {
  const on = await filled();
  const ask = (value: string): Promise<RawAnswer> =>
    signedRequest(on.s3, 'GET', path, {
      query: { ...(name === 'max-uploads' ? { uploads: '' } : {}), [name]: value },
    });
  expect(element(await ask('5000'), said)).toBe('1000');
  expect(element(await ask('2147483647'), said)).toBe('1000');
  expect(element(await ask('0'), said)).toBe('0');
  expect(element(await ask('0'), 'IsTruncated')).toBe('false');
  for (const wrong of ['-1', '2147483648', '1.5', 'ten', '1e3']) {
    const answer = await ask(wrong);
    expect([answer.status, element(answer, 'Code')]).toEqual([400, 'InvalidArgument']);
  }
});

test('uploads and parts come in pages too', async () => {
  const on = await filled();
  const begin = async (key: string): Promise<string> =>
    element(await signedRequest(on.s3, 'POST', `/lists/${key}`, { query: { uploads: '' } }), 'UploadId') ??
    '';
  const ids = [await begin('x'), await begin('x'), await begin('y/1'), await begin('y/2'), await begin('z')];
  const seen: string[] = [];
  let markers: Record<string, string> = {};
  for (let page = 0; page < ids.length; page++) {
    const answer = await list(on, { uploads: '', 'max-uploads': '2', ...markers });
    seen.push(...all(answer, 'UploadId'));
    if (element(answer, 'IsTruncated') !== 'true') break;
    markers = {
      'key-marker': element(answer, 'NextKeyMarker') ?? '',
      'upload-id-marker': element(answer, 'NextUploadIdMarker') ?? '',
    };
  }
  expect(seen.toSorted()).toEqual(ids.toSorted());
  const folded = await list(on, { uploads: '', delimiter: '/' });
  expect(all(folded, 'Prefix').filter((one) => one !== '')).toEqual(['y/']);
  expect(all(folded, 'Key')).toEqual(['x', 'x', 'z']);

  const uploadId = ids[0] ?? '';
  for (const partNumber of ['3', '1', '2']) {
    await signedRequest(on.s3, 'PUT', '/lists/x', { query: { uploadId, partNumber }, body: partNumber });
  }
  const parts = (query: Record<string, string>): Promise<RawAnswer> =>
    signedRequest(on.s3, 'GET', '/lists/x', { query: { uploadId, ...query } });
  const first = await parts({ 'max-parts': '2' });
  expect([all(first, 'PartNumber'), element(first, 'NextPartNumberMarker')]).toEqual([['1', '2'], '2']);
  expect(all(await parts({ 'part-number-marker': '2' }), 'PartNumber')).toEqual(['3']);
  expect((await parts({ 'max-parts': 'x' })).status).toBe(400);
});

test('names are percent-encoded when that is asked for, in every place', async () => {
  const on = await filled();
  const answer = await list(on, { 'encoding-type': 'url', prefix: 'c d', delimiter: '%', marker: 'b b' });
  expect(
    ['Prefix', 'Delimiter', 'Marker', 'Key', 'EncodingType'].map((name) => element(answer, name)),
  ).toEqual(['c%20d', '%25', 'b%20b', 'c%20d', 'url']);
  expect((await list(on, { 'encoding-type': 'utf8' })).status).toBe(400);
});

test('headers after the body must be those that were announced', async () => {
  const on = await filled();
  const put = async (announced: string | undefined, sent: string): Promise<number> => {
    const answer = await signedRequest(on.s3, 'PUT', '/lists/t', {
      headers: {
        'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '3',
        ...(announced === undefined ? {} : { 'x-amz-trailer': announced }),
      },
      body: `3\r\nabc\r\n0\r\n${sent}\r\n`,
    });
    return answer.status;
  };
  const crc32 = 'x-amz-checksum-crc32:NSRBwg==\r\n';
  expect(await put('x-amz-checksum-crc32', crc32)).toBe(200);
  expect(await put('X-Amz-Checksum-Crc32', crc32)).toBe(200);
  expect(await put(undefined, '')).toBe(200);
  expect(await put('x-amz-checksum-crc32', '')).toBe(400);
  expect(await put(undefined, crc32)).toBe(400);
  expect(await put('x-amz-checksum-sha1', crc32)).toBe(400);
  expect(await put('x-amz-checksum-crc32', 'x-amz-checksum-crc32:AAAAAA==\r\n')).toBe(400);
  const plain = await signedRequest(on.s3, 'PUT', '/lists/t', {
    headers: { 'x-amz-trailer': 'x-amz-checksum-crc32' },
  });
  expect([plain.status, element(plain, 'Code')]).toEqual([400, 'MalformedTrailerError']);
});

test.each<[string, (on: Stage) => Promise<RawAnswer>, number, string]>([
  [
    'a form that cannot be read',
    (on) =>
      rawRequest(`${on.s3}/lists`, 'POST', { 'content-type': 'multipart/form-data; boundary=b' }, 'nonsense'),
    400,
    'MalformedPOSTRequest',
  ],
  [
    'a signed POST without an operation',
    (on) => signedRequest(on.s3, 'POST', '/lists'),
    501,
    'NotImplemented',
  ],
  ['a signed POST on an object', (on) => signedRequest(on.s3, 'POST', '/lists/k'), 501, 'NotImplemented'],
  [
    'a select',
    (on) => signedRequest(on.s3, 'POST', '/lists/k', { query: { select: '', 'select-type': '2' } }),
    501,
    'NotImplemented',
  ],
  [
    'Signature Version 2 in a header',
    (on) => rawRequest(`${on.s3}/lists`, 'GET', { authorization: 'AWS key:c2lnbmF0dXJl' }, ''),
    400,
    'InvalidRequest',
  ],
  [
    'Signature Version 2 in the query',
    (on) => rawRequest(`${on.s3}/lists/b?AWSAccessKeyId=key&Expires=1&Signature=s`, 'GET', {}, ''),
    400,
    'InvalidRequest',
  ],
])(
  'what is not simulated says so, and sends nobody to look for a wrong key: %s',
  async (_title, send, status, code) => {
    const answer = await send(await filled());
    expect([answer.status, element(answer, 'Code')]).toEqual([status, code]);
  },
);

test('what a presigned address carries instead of headers counts as they do', async () => {
  const on = await filled();
  const put = await signedRequest(on.s3, 'PUT', '/lists/k', {
    query: { 'x-amz-acl': 'public-read' },
    body: '1',
  });
  expect([put.status, element(put, 'Code')]).toEqual([501, 'NotImplemented']);
  await signedRequest(on.s3, 'PUT', '/lists/k', { query: { 'x-amz-meta-owner': 'u1' }, body: '1' });
  expect((await signedRequest(on.s3, 'HEAD', '/lists/k')).headers['x-amz-meta-owner']).toBe('u1');
  // An SDK that signs before it knows the body writes the checksum of nothing; S3 does not look at it.
  const query = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-sdk-checksum-algorithm': 'CRC32' };
  expect((await signedRequest(on.s3, 'PUT', '/lists/k', { query, body: '1' })).status).toBe(200);
});
