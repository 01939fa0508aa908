import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { element, rawRequest, signedRequest } from './signed.ts';
import { aws, stage, type Stage } from './world.ts';

const path = '/parts/big';
const sizes = [5 * 1024 * 1024, 6 * 1024 * 1024, 3];

/** An object of three parts, each of its own letter. */
async function uploaded(): Promise<Stage> {
  const on = await stage();
  await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'parts' }));
  const begun = await signedRequest(on.s3, 'POST', path, { query: { uploads: '' } });
  const uploadId = element(begun, 'UploadId') ?? '';
  const etags: string[] = [];
  for (const [index, size] of sizes.entries()) {
    const body = Buffer.alloc(size, 'abc'[index]);
    const part = await signedRequest(on.s3, 'PUT', path, {
      query: { uploadId, partNumber: String(index + 1) },
      body,
    });
    etags.push(String(part.headers['etag']));
  }
  const list = etags.map(
    (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`;
  expect((await signedRequest(on.s3, 'POST', path, { query: { uploadId }, body })).status).toBe(200);
  return on;
}

describe('partNumber', () => {
  test('every part by GET and HEAD, with its own bytes and range', async () => {
    const on = await uploaded();
    const { s3 } = aws(on);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    for (const [index, size] of sizes.entries()) {
      const from = sizes.slice(0, index).reduce((sum, one) => sum + one, 0);
      const place = { Bucket: 'parts', Key: 'big', PartNumber: index + 1 };
      const known = {
        ContentRange: `bytes ${from}-${from + size - 1}/${total}`,
        ContentLength: size,
        PartsCount: sizes.length,
        $metadata: { httpStatusCode: 206 },
      };
      const got = await s3.send(new GetObjectCommand(place));
      expect(got).toMatchObject(known);
      const text = (await got.Body?.transformToString()) ?? '';
      expect(text === 'abc'.charAt(index).repeat(size)).toBe(true);
      expect(await s3.send(new HeadObjectCommand(place))).toMatchObject(known);
    }
    const whole = await s3.send(new HeadObjectCommand({ Bucket: 'parts', Key: 'big' }));
    expect([whole.ContentLength, whole.PartsCount]).toEqual([total, undefined]);
  });

  test.each<[string, string, Record<string, string>, number, string]>([
    ['behind the last', '4', {}, 416, 'InvalidPartNumber'],
    ['zero', '0', {}, 400, 'InvalidArgument'],
    ['above the most', '10001', {}, 400, 'InvalidArgument'],
    ['no number', 'two', {}, 400, 'InvalidArgument'],
    ['nothing', '', {}, 400, 'InvalidArgument'],
    ['beside a range', '1', { range: 'bytes=0-1' }, 400, 'InvalidRequest'],
  ])('a part that is %s is refused', async (_title, partNumber, headers, status, code) => {
    const on = await uploaded();
    const answer = await signedRequest(on.s3, 'GET', path, { query: { partNumber }, headers });
    expect([answer.status, element(answer, 'Code')]).toEqual([status, code]);
    expect((await signedRequest(on.s3, 'HEAD', path, { query: { partNumber }, headers })).status).toBe(
      status,
    );
  });

  test('an object that was uploaded whole is its own first part', async () => {
    const on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'parts' }));
    await signedRequest(on.s3, 'PUT', '/parts/small', { body: 'abc' });
    const first = await signedRequest(on.s3, 'GET', '/parts/small', { query: { partNumber: '1' } });
    expect(first).toMatchObject({ status: 206, text: 'abc', headers: { 'content-range': 'bytes 0-2/3' } });
    expect(first.headers['x-amz-mp-parts-count']).toBeUndefined();
    expect((await signedRequest(on.s3, 'GET', '/parts/small', { query: { partNumber: '2' } })).status).toBe(
      416,
    );
    await signedRequest(on.s3, 'PUT', '/parts/empty');
    expect((await signedRequest(on.s3, 'GET', '/parts/empty', { query: { partNumber: '1' } })).status).toBe(
      200,
    );
  });
});

const overrides = {
  'content-type': 'text/x-other',
  'content-language': 'de',
  expires: 'Thu, 01 Jan 2026 00:00:00 GMT',
  'cache-control': 'no-store',
  'content-disposition': 'attachment; filename="a b.txt"',
  'content-encoding': 'identity',
};

describe('response-* of a signed read', () => {
  test.each(Object.entries(overrides))(
    'response-%s sets its header, on GET and HEAD',
    async (name, value) => {
      const on = await stage();
      await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'parts' }));
      await signedRequest(on.s3, 'PUT', '/parts/k', {
        body: 'abc',
        headers: { 'content-type': 'text/own', 'cache-control': 'own' },
      });
      for (const method of ['GET', 'HEAD']) {
        const answer = await signedRequest(on.s3, method, '/parts/k', {
          query: { [`response-${name}`]: value },
        });
        const own = { 'content-type': 'text/own', 'cache-control': 'own' };
        expect(answer).toMatchObject({ status: 200, headers: { ...own, [name]: value } });
      }
    },
  );

  test.each([
    ['a line end', 'response-content-type', 'a\r\nset-cookie: b'],
    ['what ISO-8859-1 does not know', 'response-content-disposition', 'attachment; filename="漢.txt"'],
  ])('%s cannot be the value of a header', async (_title, name, value) => {
    const on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'parts' }));
    await signedRequest(on.s3, 'PUT', '/parts/k', { body: 'abc' });
    const answer = await signedRequest(on.s3, 'GET', '/parts/k', { query: { [name]: value } });
    expect([answer.status, element(answer, 'Code')]).toEqual([400, 'InvalidArgument']);
  });

  test('without a signature they are refused', async () => {
    const on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'parts' }));
    await signedRequest(on.s3, 'PUT', '/parts/k', { body: 'abc' });
    const answer = await rawRequest(`${on.s3}/parts/k?response-content-type=text/html`, 'GET', {}, '');
    expect([answer.status, element(answer, 'Code')]).toEqual([403, 'AccessDenied']);
  });
});

describe('a parameter is obeyed or refused', () => {
  test.each<[string, string, Record<string, string>]>([
    ['GET', '/parts/k', { torrent: '' }],
    ['GET', '/parts/k', { prefix: 'a' }],
    ['HEAD', '/parts/k', { uploads: '' }],
    ['PUT', '/parts/k', { partNumber: '1' }],
    ['PUT', '/parts/k', { 'response-content-type': 'a/b' }],
    ['DELETE', '/parts/k', { partNumber: '1' }],
    ['DELETE', '/parts/k', { tagging: '', versionId: 'null' }],
    ['GET', '/parts', { versioning: '' }],
    ['GET', '/parts', { 'list-type': '2', marker: 'a' }],
    ['GET', '/parts', { 'list-type': '3' }],
    ['GET', '/parts', { location: '', prefix: 'a' }],
    ['DELETE', '/parts', { policy: '' }],
    ['PUT', '/parts', { acl: '' }],
    ['GET', '/', { 'max-buckets': '1' }],
  ])('%s %s %j is 501, and nothing happens', async (method, target, query) => {
    const on = await stage();
    await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'parts' }));
    await signedRequest(on.s3, 'PUT', '/parts/k', { body: 'abc' });
    const answer = await signedRequest(on.s3, method, target, { query });
    expect(answer.status).toBe(501);
    if (method !== 'HEAD') expect(answer.text).toContain(Object.keys(query).at(-1) ?? '');
    expect((await signedRequest(on.s3, 'GET', '/parts/k')).text).toBe('abc');
  });
});

test('the checksum that was sent comes back, of whichever kind, and a wrong one is refused', async () => {
  const on = await stage();
  await aws(on).s3.send(new CreateBucketCommand({ Bucket: 'parts' }));
  const known = {
    'x-amz-checksum-crc32': 'y/Q5Jg==',
    'x-amz-checksum-crc32c': '4waSgw==',
    'x-amz-checksum-crc64nvme': 'rosUhgp5mIg=',
    'x-amz-checksum-sha1': '98O8HYCOBHMq32eZZczDTKeuNEE=',
    'x-amz-checksum-sha256': 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=',
  };
  const mode = { headers: { 'x-amz-checksum-mode': 'ENABLED' } };
  for (const [header, value] of Object.entries(known)) {
    const put = await signedRequest(on.s3, 'PUT', '/parts/k', {
      body: '123456789',
      headers: { [header]: value },
    });
    expect([put.status, put.headers[header]]).toEqual([200, value]);
    for (const method of ['GET', 'HEAD']) {
      expect((await signedRequest(on.s3, method, '/parts/k', mode)).headers[header]).toBe(value);
    }
    const wrong = await signedRequest(on.s3, 'PUT', '/parts/k', {
      body: '12345678',
      headers: { [header]: value },
    });
    expect([wrong.status, element(wrong, 'Code')]).toEqual([400, 'BadDigest']);
  }
  const two = await signedRequest(on.s3, 'PUT', '/parts/k', { body: '123456789', headers: known });
  expect(two.status).toBe(400);
});
