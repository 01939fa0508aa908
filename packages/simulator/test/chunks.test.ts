import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';
import { CreateBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { Secret } from '@hangar/security';
import { expect, test } from 'vitest';
import { aws, nameOfError, stage, type Stage } from './world.ts';

/** The worked example of the S3 documentation ("Signature Calculations: Transfer Payload in Multiple Chunks"). */
const example = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  now: new Date('2013-05-24T00:00:00Z'),
  signatures: [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ],
  headers: {
    host: 's3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '66560',
    'content-length': '66824',
  },
};

const storageAdmin = {
  accessKeyId: example.accessKeyId,
  secretAccessKey: Secret.of(example.secretAccessKey),
};

const put = async (
  on: Stage,
  path: string,
  headers: Record<string, string>,
  body: Buffer | string,
): Promise<number> =>
  await new Promise((resolve, reject) => {
    const outgoing = request(on.s3 + path, { method: 'PUT', headers }, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

function exampleBody(signatures: readonly string[], letter = 'a'): Buffer {
  const sizes = [65_536, 1024, 0];
  return Buffer.concat(
    sizes.map((size, at) =>
      Buffer.from(`${size.toString(16)};chunk-signature=${signatures[at]}\r\n${letter.repeat(size)}\r\n`),
    ),
  );
}

async function exampleStage(): Promise<Stage> {
  const on = await stage({ storageAdmin, now: () => example.now });
  const { s3 } = aws(on, storage());
  s3.config.systemClockOffset = example.now.getTime() - Date.now();
  await s3.send(new CreateBucketCommand({ Bucket: 'examplebucket' }));
  return on;
}

const storage = () => ({ accessKeyId: example.accessKeyId, secretAccessKey: example.secretAccessKey });

test('the worked example of the documentation is accepted and stored without its framing', async () => {
  const on = await exampleStage();
  expect(
    await put(on, '/examplebucket/chunkObject.txt', example.headers, exampleBody(example.signatures)),
  ).toBe(200);
  const stored = on.simulator.world.buckets.get('examplebucket')?.objects.get('chunkObject.txt');
  expect(stored?.size).toBe(66_560);
  const { s3 } = aws(on, storage());
  s3.config.systemClockOffset = example.now.getTime() - Date.now();
  const got = await s3.send(new GetObjectCommand({ Bucket: 'examplebucket', Key: 'chunkObject.txt' }));
  expect(await got.Body?.transformToString()).toBe('a'.repeat(66_560));
});

test('one wrong chunk signature, or one changed chunk, spoils the whole', async () => {
  const on = await exampleStage();
  const wrong = example.signatures.with(1, example.signatures[0] ?? '');
  expect(await put(on, '/examplebucket/chunkObject.txt', example.headers, exampleBody(wrong))).toBe(403);
  expect(
    await put(on, '/examplebucket/chunkObject.txt', example.headers, exampleBody(example.signatures, 'b')),
  ).toBe(403);
  expect(on.simulator.world.buckets.get('examplebucket')?.objects.size).toBe(0);
});

test('a signed trailer is checked together with the checksum that it holds', async () => {
  const on = await stage({ storageAdmin });
  const { s3 } = aws(on, storage());
  await s3.send(new CreateBucketCommand({ Bucket: 'one' }));
  const crc = 'NSRBwg=='; // CRC-32 of "abc"
  expect(await putSigned(on, '/one/good', 'abc', `x-amz-checksum-crc32:${crc}`)).toBe(200);
  expect(await putSigned(on, '/one/bad', 'abd', `x-amz-checksum-crc32:${crc}`)).toBe(400);
  expect(await putSigned(on, '/one/forged', 'abc', `x-amz-checksum-crc32:${crc}`, '0'.repeat(64))).toBe(403);
  expect(
    await (await s3.send(new GetObjectCommand({ Bucket: 'one', Key: 'good' }))).Body?.transformToString(),
  ).toBe('abc');
  expect(await nameOfError(s3.send(new GetObjectCommand({ Bucket: 'one', Key: 'forged' })))).toBe(
    'NoSuchKey',
  );
});

/** A put in one signed chunk with a signed trailer, signed here by hand. */
async function putSigned(
  on: Stage,
  path: string,
  data: string,
  trailer: string,
  forged?: string,
): Promise<number> {
  const { host } = new URL(on.s3);
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${stamp.slice(0, 8)}/auto/s3/aws4_request`;
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const key = [stamp.slice(0, 8), 'auto', 's3', 'aws4_request'].reduce<string | Buffer>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `AWS4${example.secretAccessKey}`,
  );
  const sign = (algorithm: string, ...rest: string[]): string =>
    createHmac('sha256', key)
      .update([algorithm, stamp, scope, ...rest].join('\n'))
      .digest('hex');
  const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
  const announced = trailer.split(':')[0] ?? '';
  const signed = 'host;x-amz-content-sha256;x-amz-date;x-amz-trailer';
  const canonical = [
    'PUT',
    path,
    '',
    `host:${host}`,
    `x-amz-content-sha256:${payload}`,
    `x-amz-date:${stamp}`,
    `x-amz-trailer:${announced}`,
    '',
    signed,
    payload,
  ];
  const seed = sign('AWS4-HMAC-SHA256', sha256(canonical.join('\n')));
  const first = sign('AWS4-HMAC-SHA256-PAYLOAD', seed, sha256(''), sha256(data));
  const last = sign('AWS4-HMAC-SHA256-PAYLOAD', first, sha256(''), sha256(''));
  const end = forged ?? sign('AWS4-HMAC-SHA256-TRAILER', last, sha256(`${trailer}\n`));
  const body =
    `${data.length.toString(16)};chunk-signature=${first}\r\n${data}\r\n0;chunk-signature=${last}\r\n` +
    `${trailer}\r\nx-amz-trailer-signature:${end}\r\n\r\n`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${example.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${seed}`;
  return await put(
    on,
    path,
    { host, 'x-amz-date': stamp, 'x-amz-content-sha256': payload, 'x-amz-trailer': announced, authorization },
    body,
  );
}
