import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { aws, control, nameOfError, stage } from './world.ts';

const Bucket = 'hf-u8123-k3v9q2m7xa';

describe('buckets', () => {
  test('a bucket is created, found, listed and deleted', async () => {
    const { s3 } = aws(await stage());
    await s3.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'auto' as never } }),
    );
    await s3.send(new HeadBucketCommand({ Bucket }));
    expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map((one) => one.Name)).toEqual([Bucket]);
    await s3.send(new DeleteBucketCommand({ Bucket }));
    expect(await nameOfError(s3.send(new HeadBucketCommand({ Bucket })))).toBe('NotFound');
    expect(await nameOfError(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('NoSuchBucket');
  });

  test('creating a bucket twice says that it is ours already', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    expect(await nameOfError(s3.send(new CreateBucketCommand({ Bucket })))).toBe('BucketAlreadyOwnedByYou');
  });

  test('names are global: the bucket of another customer is taken and out of reach', async () => {
    const on = await stage();
    await control(on)('POST', '/buckets', { name: Bucket });
    const { s3 } = aws(on);
    expect(await nameOfError(s3.send(new CreateBucketCommand({ Bucket })))).toBe('BucketAlreadyExists');
    expect(await nameOfError(s3.send(new ListObjectsV2Command({ Bucket })))).toBe('AccessDenied');
    expect((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
  });

  test.each([
    'ab',
    'Upper-case',
    'dots..twice',
    '-dash',
    '10.0.0.1',
    'xn--nope',
    'ends-s3alias',
    'a'.repeat(64),
  ])('the name %s is refused by the server', async (name) => {
    const { s3 } = aws(await stage());
    expect(await nameOfError(s3.send(new CreateBucketCommand({ Bucket: name })))).toBe('InvalidBucketName');
  });

  test('a bucket that holds something is not deleted, unless Tigris is told to force it', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'v' }));
    expect(await nameOfError(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('BucketNotEmpty');
    const forced = new DeleteBucketCommand({ Bucket });
    forced.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['tigris-force-delete'] = 'true';
        return next(args);
      },
      { step: 'build' },
    );
    await s3.send(forced);
    expect(await nameOfError(s3.send(new HeadBucketCommand({ Bucket })))).toBe('NotFound');
  });

  test('what is not simulated says so instead of pretending', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    expect(await nameOfError(s3.send(new GetBucketVersioningCommand({ Bucket })))).toBe('NotImplemented');
    const open = new PutObjectCommand({ Bucket, Key: 'k', Body: 'v', ACL: 'public-read' });
    expect(await nameOfError(s3.send(open))).toBe('NotImplemented');
  });
});

describe('objects', () => {
  test.each(['plain.txt', 'dir/with space/ü+&=?#%.txt', '__proto__', 'trailing/', "it's|(odd)*!.txt"])(
    'the object %s comes back as it was put',
    async (Key) => {
      const { s3 } = aws(await stage());
      await s3.send(new CreateBucketCommand({ Bucket }));
      await s3.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body: 'hello',
          ContentType: 'text/plain',
          Metadata: { owner: 'u8123' },
        }),
      );
      const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
      expect(await got.Body?.transformToString()).toBe('hello');
      expect(got.ContentType).toBe('text/plain');
      expect(got.Metadata).toEqual({ owner: 'u8123' });
      expect(got.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
      expect((await s3.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength).toBe(5);
      expect((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map((one) => one.Key)).toEqual([
        Key,
      ]);
    },
  );

  test('a streamed upload is stored without its chunk framing', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    const body = Buffer.alloc(200_000, 'abc');
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 's',
        Body: Readable.from([body.subarray(0, 70_000), body.subarray(70_000)]),
        ContentLength: body.length,
      }),
    );
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 's' }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(body);
    expect(got.ContentEncoding).toBeUndefined();
  });

  test('a wrong checksum is refused and nothing is stored', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    const put = new PutObjectCommand({ Bucket, Key: 'k', Body: 'v', ChecksumCRC32: 'AAAAAA==' });
    expect(await nameOfError(s3.send(put))).toBe('BadDigest');
    expect(await nameOfError(s3.send(new GetObjectCommand({ Bucket, Key: 'k' })))).toBe('NoSuchKey');
  });

  test('If-None-Match: * lets only the first writer through', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    const put = (Body: string) =>
      s3.send(new PutObjectCommand({ Bucket, Key: 'lock', Body, IfNoneMatch: '*' }));
    const names = await Promise.allSettled([put('a'), put('b')]);
    expect(names.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await nameOfError(put('c'))).toBe('PreconditionFailed');
  });

  test('ranges and conditions of a read are honoured', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '0123456789' }));
    const part = await s3.send(new GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=2-4' }));
    expect([await part.Body?.transformToString(), part.ContentRange]).toEqual(['234', 'bytes 2-4/10']);
    const tail = await s3.send(new GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=-3' }));
    expect(await tail.Body?.transformToString()).toBe('789');
    expect(await nameOfError(s3.send(new GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=10-' })))).toBe(
      'InvalidRange',
    );
    const same = s3.send(new GetObjectCommand({ Bucket, Key: 'k', IfNoneMatch: ETag }));
    await expect(same).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    expect(await nameOfError(s3.send(new GetObjectCommand({ Bucket, Key: 'k', IfMatch: '"0"' })))).toBe(
      'PreconditionFailed',
    );
  });

  test('listing pages through keys, folds at the delimiter and starts where told', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    const keys = ['a/1', 'a/2', 'b', 'c/1', 'd'];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    const seen: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2, ContinuationToken }));
      seen.push(...(page.Contents ?? []).map((one) => one.Key ?? ''));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(seen).toEqual(keys);
    const folded = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
    expect(folded.CommonPrefixes?.map((one) => one.Prefix)).toEqual(['a/', 'c/']);
    expect(folded.Contents?.map((one) => one.Key)).toEqual(['b', 'd']);
    const later = await s3.send(new ListObjectsV2Command({ Bucket, StartAfter: 'b' }));
    expect(later.Contents?.map((one) => one.Key)).toEqual(['c/1', 'd']);
    const old = await s3.send(new ListObjectsCommand({ Bucket, Prefix: 'a/', MaxKeys: 1 }));
    expect([old.Contents?.[0]?.Key, old.IsTruncated, old.NextMarker]).toEqual(['a/1', true, 'a/1']);
  });

  test('many objects are deleted with one request, absent ones included', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a & b', Body: '1' }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'c', Body: '2' }));
    const answer = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a & b' }, { Key: 'absent' }] } }),
    );
    expect(answer.Deleted?.map((one) => one.Key)).toEqual(['a & b', 'absent']);
    expect((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map((one) => one.Key)).toEqual([
      'c',
    ]);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'c' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'c' }));
  });

  test('a copy keeps the bytes and takes other metadata when asked', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'from here', Body: 'x', Metadata: { a: '1' } }));
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/from%20here` }));
    expect((await s3.send(new GetObjectCommand({ Bucket, Key: 'to' }))).Metadata).toEqual({ a: '1' });
    const replace = { MetadataDirective: 'REPLACE', Metadata: { b: '2' } } as const;
    await s3.send(
      new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/from%20here`, ...replace }),
    );
    expect((await s3.send(new GetObjectCommand({ Bucket, Key: 'to' }))).Metadata).toEqual({ b: '2' });
  });
});

describe('uploads in parts', () => {
  test('parts become one object, in the order of their numbers', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'big' }));
    const first = Buffer.alloc(5 * 1024 * 1024, 'a');
    const two = await s3.send(
      new UploadPartCommand({ Bucket, Key: 'big', UploadId, PartNumber: 2, Body: 'end' }),
    );
    const one = await s3.send(
      new UploadPartCommand({ Bucket, Key: 'big', UploadId, PartNumber: 1, Body: first }),
    );
    const listed = await s3.send(new ListPartsCommand({ Bucket, Key: 'big', UploadId }));
    expect(listed.Parts?.map((part) => part.Size)).toEqual([first.length, 3]);
    const parts = [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 2, ETag: two.ETag },
    ];
    const done = await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key: 'big', UploadId, MultipartUpload: { Parts: parts } }),
    );
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'big' }))).ContentLength).toBe(
      first.length + 3,
    );
  });

  test('a part that is too small, missing or out of order spoils the completion', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'big' }));
    const upload = (PartNumber: number) =>
      s3.send(
        new UploadPartCommand({ Bucket, Key: 'big', UploadId, PartNumber, Body: `part ${PartNumber}` }),
      );
    const [one, two] = [await upload(1), await upload(2)];
    const complete = (Parts: { PartNumber: number; ETag: string | undefined }[]) =>
      nameOfError(
        s3.send(
          new CompleteMultipartUploadCommand({ Bucket, Key: 'big', UploadId, MultipartUpload: { Parts } }),
        ),
      );
    expect(
      await complete([
        { PartNumber: 1, ETag: one.ETag },
        { PartNumber: 2, ETag: two.ETag },
      ]),
    ).toBe('EntityTooSmall');
    expect(await complete([{ PartNumber: 3, ETag: one.ETag }])).toBe('InvalidPart');
  });

  test('an unfinished upload is listed, keeps its bucket alive, and can be aborted', async () => {
    const { s3 } = aws(await stage());
    await s3.send(new CreateBucketCommand({ Bucket }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'big' }));
    expect(
      (await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.map((one) => one.Key),
    ).toEqual(['big']);
    expect(await nameOfError(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('BucketNotEmpty');
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'big', UploadId }));
    expect(await nameOfError(s3.send(new ListPartsCommand({ Bucket, Key: 'big', UploadId })))).toBe(
      'NoSuchUpload',
    );
    await s3.send(new DeleteBucketCommand({ Bucket }));
  });
});
