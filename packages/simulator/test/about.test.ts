import { createHmac } from 'node:crypto';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCorsCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketTaggingCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type LifecycleRule,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  GetUserCommand,
  ListAttachedUserPoliciesCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulatedSecrets } from '../src/index.ts';
import { element, signedRequest } from './signed.ts';
import { aws, control, nameOfError, stage, type Stage } from './world.ts';

const Bucket = 'about';

async function filled(keys: readonly string[] = ['k']): Promise<{ on: Stage; s3: S3Client }> {
  const on = await stage();
  const { s3 } = aws(on);
  await s3.send(new CreateBucketCommand({ Bucket }));
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  return { on, s3 };
}

describe('versions', () => {
  test('are one for each object, called null, in pages, and a bucket is emptied by them', async () => {
    const { s3 } = await filled(['a', 'b/1', 'b/2', 'ü <&']);
    const whole = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect(whole.Versions?.map((one) => [one.Key, one.VersionId, one.IsLatest])).toEqual(
      ['a', 'b/1', 'b/2', 'ü <&'].map((key) => [key, 'null', true]),
    );
    const first = await s3.send(new ListObjectVersionsCommand({ Bucket, Delimiter: '/', MaxKeys: 2 }));
    expect([first.Versions?.length, first.CommonPrefixes, first.IsTruncated]).toEqual([
      1,
      [{ Prefix: 'b/' }],
      true,
    ]);
    const rest = await s3.send(
      new ListObjectVersionsCommand({
        Bucket,
        Delimiter: '/',
        KeyMarker: first.NextKeyMarker,
        VersionIdMarker: first.NextVersionIdMarker,
      }),
    );
    expect([rest.Versions?.map((one) => one.Key), rest.IsTruncated]).toEqual([['ü <&'], false]);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: 'null' }));
    const Objects = whole.Versions?.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect([deleted.Deleted?.length, deleted.Errors]).toEqual([4, undefined]);
    expect((await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions).toBeUndefined();
  });

  test('have no other name, and nothing happens to what is called by one', async () => {
    const { on, s3 } = await filled();
    const other = { Bucket, Key: 'k', VersionId: 'other' };
    expect(await nameOfError(s3.send(new GetObjectCommand(other)))).toBe('NoSuchVersion');
    expect(await nameOfError(s3.send(new DeleteObjectCommand(other)))).toBe('NoSuchVersion');
    const query = { versions: '', 'version-id-marker': 'other' };
    expect(element(await signedRequest(on.s3, 'GET', `/${Bucket}`, { query }), 'Code')).toBe(
      'InvalidArgument',
    );
    expect((await s3.send(new GetObjectCommand({ Bucket, Key: 'k', VersionId: 'null' }))).ContentLength).toBe(
      1,
    );
  });
});

describe('tags', () => {
  test('of an object come from a header or a call, go with a copy, and are counted', async () => {
    const { s3 } = await filled();
    const tagsOf = async (Key: string) =>
      (await s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'v', Tagging: 'a=1&b=%C3%BC' }));
    expect(await tagsOf('k')).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: 'ü' },
    ]);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).TagCount).toBe(2);
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }));
    expect(await tagsOf('copy')).toHaveLength(2);
    const replaced = { Bucket, Key: 'copy', CopySource: `${Bucket}/k`, Tagging: 'c=3' };
    await s3.send(new CopyObjectCommand({ ...replaced, TaggingDirective: 'REPLACE' }));
    expect(await tagsOf('copy')).toEqual([{ Key: 'c', Value: '3' }]);
    const TagSet = [{ Key: '<&>', Value: '"\n' }];
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet } }));
    expect(await tagsOf('k')).toEqual(TagSet);
    await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'k' }));
    expect(await tagsOf('k')).toEqual([]);
  });

  test('of a bucket are none until there are some', async () => {
    const { s3 } = await filled();
    const get = async () => await s3.send(new GetBucketTaggingCommand({ Bucket }));
    expect(await nameOfError(get())).toBe('NoSuchTagSet');
    const TagSet = [{ Key: 'a', Value: 'b' }];
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
    expect((await get()).TagSet).toEqual(TagSet);
    await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
    expect(await nameOfError(get())).toBe('NoSuchTagSet');
  });

  test.each([
    ['eleven', Array.from({ length: 11 }, (_, index) => ({ Key: `k${index}`, Value: '' }))],
    ['a key twice', [1, 2].map((Value) => ({ Key: 'k', Value: String(Value) }))],
    ['an empty key', [{ Key: '', Value: 'v' }]],
    ['a long value', [{ Key: 'k', Value: 'v'.repeat(257) }]],
  ])('with %s are refused', async (_title, TagSet) => {
    const { s3 } = await filled();
    const put = new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet } });
    expect(await nameOfError(s3.send(put))).toBe('InvalidTag');
  });
});

describe('rules for browsers (CORS)', () => {
  const CORSRules = [
    {
      AllowedOrigins: ['https://*.example'],
      AllowedMethods: ['GET', 'PUT'],
      AllowedHeaders: ['x-amz-*', 'content-type'],
      ExposeHeaders: ['etag'],
      MaxAgeSeconds: 60,
    },
  ];
  const asked = (origin: string, method: string, headers = 'content-type') => ({
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': headers,
  });

  test('answer a preflight that nobody signs, and let a page read the answer', async () => {
    const { on, s3 } = await filled();
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    expect((await s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual(CORSRules);
    const ask = async (headers: Record<string, string>) =>
      await fetch(`${on.s3}/${Bucket}/k`, { method: 'OPTIONS', headers });
    const allowed = await ask(asked('https://a.example', 'PUT', 'x-amz-date, Content-Type'));
    expect([allowed.status, Object.fromEntries(allowed.headers)]).toMatchObject([
      200,
      {
        'access-control-allow-origin': 'https://a.example',
        'access-control-allow-methods': 'GET, PUT',
        'access-control-allow-headers': 'x-amz-date, content-type',
        'access-control-max-age': '60',
      },
    ]);
    for (const headers of [
      asked('https://a.example.evil', 'PUT'),
      asked('https://a.example', 'DELETE'),
      asked('https://a.example', 'PUT', 'authorization'),
    ])
      expect((await ask(headers)).status).toBe(403);
    expect((await ask({})).status).toBe(400);
    const read = await signedRequest(on.s3, 'GET', `/${Bucket}/k`, {
      headers: { origin: 'https://a.example' },
    });
    expect(read.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-expose-headers': 'etag',
    });
    const elsewhere = await signedRequest(on.s3, 'GET', `/${Bucket}/k`, { headers: { origin: 'https://b' } });
    expect(elsewhere.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('are none until there are some', async () => {
    const { on, s3 } = await filled();
    const get = new GetBucketCorsCommand({ Bucket });
    expect(await nameOfError(s3.send(get))).toBe('NoSuchCORSConfiguration');
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    await s3.send(new DeleteBucketCorsCommand({ Bucket }));
    expect(await nameOfError(s3.send(get))).toBe('NoSuchCORSConfiguration');
    const patch = { CORSRules: [{ AllowedOrigins: ['*'], AllowedMethods: ['PATCH'] }] };
    const put = new PutBucketCorsCommand({ Bucket, CORSConfiguration: patch });
    expect(await nameOfError(s3.send(put))).toBe('InvalidRequest');
    const nothing = await signedRequest(on.s3, 'PUT', `/${Bucket}`, { query: { cors: '' }, body: '<a/>' });
    expect(element(nothing, 'Code')).toBe('MalformedXML');
  });
});

describe('lifecycle rules', () => {
  const rule = (more: Partial<LifecycleRule> = {}): LifecycleRule => ({
    ID: 'r',
    Status: 'Enabled',
    Filter: { Prefix: 'tmp/' },
    Expiration: { Days: 2 },
    ...more,
  });
  const put = async (s3: S3Client, ...Rules: LifecycleRule[]) =>
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));

  test('are kept as they came, and take objects away by the simulated clock', async () => {
    const { on, s3 } = await filled(['tmp/a', 'kept']);
    const get = new GetBucketLifecycleConfigurationCommand({ Bucket });
    expect(await nameOfError(s3.send(get))).toBe('NoSuchLifecycleConfiguration');
    const tier = rule({
      ID: 't',
      Expiration: undefined,
      Transitions: [{ Days: 1, StorageClass: 'GLACIER' }],
    });
    await put(s3, rule(), tier, rule({ ID: 'off', Status: 'Disabled', Filter: { Prefix: '' } }));
    expect((await s3.send(get)).Rules?.map((one) => [one.ID, one.Status, one.Expiration?.Days])).toEqual([
      ['r', 'Enabled', 2],
      ['t', 'Enabled', undefined],
      ['off', 'Disabled', 2],
    ]);
    const keys = async () =>
      (await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions?.map((one) => one.Key);
    await control(on)('POST', '/clock', { advance_seconds: 2 * 86_400 - 60 });
    expect(await keys()).toEqual(['kept', 'tmp/a']);
    await control(on)('POST', '/clock', { advance_seconds: 86_400 + 60 });
    expect(await keys()).toEqual(['kept']);
    await s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
    expect(await nameOfError(s3.send(get))).toBe('NoSuchLifecycleConfiguration');
  });

  test.each<[string, LifecycleRule[], string]>([
    ['eleven', Array.from({ length: 11 }, (_, index) => rule({ ID: `r${index}` })), 'MalformedXML'],
    ['one name for two', [rule(), rule()], 'InvalidArgument'],
    ['a filter of tags', [rule({ Filter: { Tag: { Key: 'a', Value: 'b' } } })], 'NotImplemented'],
    ['no action', [rule({ Expiration: undefined })], 'MalformedXML'],
    ['no days', [rule({ Expiration: { Days: 0 } })], 'MalformedXML'],
    ['what Tigris has not', [rule({ NoncurrentVersionExpiration: { NoncurrentDays: 1 } })], 'NotImplemented'],
  ])('with %s are refused', async (_title, rules, code) => {
    const { s3 } = await filled();
    expect(await nameOfError(put(s3, ...rules))).toBe(code);
  });
});

test('access control lists say private, and nothing else can be set', async () => {
  const { s3 } = await filled();
  for (const answer of [
    await s3.send(new GetBucketAclCommand({ Bucket })),
    await s3.send(new GetObjectAclCommand({ Bucket, Key: 'k' })),
  ])
    expect([answer.Owner?.DisplayName, answer.Grants?.map((one) => one.Permission)]).toEqual([
      'operator',
      ['FULL_CONTROL'],
    ]);
  await s3.send(new PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'private' }));
  const open = new PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'public-read' });
  expect(await nameOfError(s3.send(open))).toBe('NotImplemented');
});

test('what Tigris has not is refused as what it is', async () => {
  const { on, s3 } = await filled();
  await expect(s3.send(new GetBucketVersioningCommand({ Bucket }))).rejects.toThrow(
    'Tigris has no bucket versioning',
  );
  await expect(s3.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toThrow(
    'Tigris has no bucket policies',
  );
  const { iam } = aws(on);
  for (const call of [
    async () => await iam.send(new ListUsersCommand({})),
    async () => await iam.send(new GetUserCommand({})),
    async () => await iam.send(new ListAttachedUserPoliciesCommand({ UserName: 'a' })),
  ])
    expect(await nameOfError(call())).toBe('InvalidAction');
});

test('a key needs the action of each, and a policy of reads does not set', async () => {
  const { on } = await filled();
  const { iam } = aws(on);
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'reader' }));
  const Statement = [
    {
      Effect: 'Allow',
      Action: ['s3:GetObjectTagging', 's3:GetBucketCORS'],
      Resource: ['arn:aws:s3:::about', 'arn:aws:s3:::about/*'],
    },
  ];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'reads', PolicyDocument }));
  await iam.send(new AttachUserPolicyCommand({ UserName: key?.AccessKeyId, PolicyArn: Policy?.Arn }));
  const { s3 } = aws(on, {
    accessKeyId: key?.AccessKeyId ?? '',
    secretAccessKey: key?.SecretAccessKey ?? '',
  });
  expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))).TagSet).toEqual([]);
  expect(await nameOfError(s3.send(new GetBucketCorsCommand({ Bucket })))).toBe('NoSuchCORSConfiguration');
  for (const call of [
    async () => await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet: [] } })),
    async () => await s3.send(new DeleteBucketCorsCommand({ Bucket })),
    async () => await s3.send(new GetBucketAclCommand({ Bucket })),
    async () => await s3.send(new ListObjectVersionsCommand({ Bucket })),
    async () => await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
  ])
    expect(await nameOfError(call())).toBe('AccessDenied');
});

describe('the form of a browser', () => {
  interface Wish {
    readonly fields?: Record<string, string | undefined>;
    readonly conditions?: readonly unknown[];
    readonly seconds?: number;
    readonly secret?: string;
    readonly file?: string;
  }

  /** Signs a policy as a server does that lets a browser upload, and posts the form as the browser does. */
  async function post(on: Stage, wish: Wish = {}): Promise<Response> {
    const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const fields: Record<string, string | undefined> = {
      key: 'up/${filename}',
      'content-type': 'text/plain',
      'x-amz-algorithm': 'AWS4-HMAC-SHA256',
      'x-amz-credential': `${simulatedSecrets.storageKeyId}/${stamp.slice(0, 8)}/auto/s3/aws4_request`,
      'x-amz-date': stamp,
      ...wish.fields,
    };
    const signed = ['x-amz-algorithm', 'x-amz-credential', 'x-amz-date'].map((name) => ({
      [name]: fields[name],
    }));
    const policy = Buffer.from(
      JSON.stringify({
        expiration: new Date(Date.now() + (wish.seconds ?? 60) * 1000).toISOString(),
        conditions: wish.conditions ?? [
          { bucket: Bucket },
          ['starts-with', '$key', 'up/'],
          ['starts-with', '$Content-Type', 'text/'],
          ['content-length-range', 1, 10],
          ...signed,
        ],
      }),
    ).toString('base64');
    const key = [stamp.slice(0, 8), 'auto', 's3', 'aws4_request'].reduce<string | Buffer>(
      (previous, part) => createHmac('sha256', previous).update(part).digest(),
      `AWS4${wish.secret ?? simulatedSecrets.storageSecret}`,
    );
    const signature = createHmac('sha256', key).update(policy).digest('hex');
    const form = new FormData();
    for (const [name, value] of Object.entries({ policy, 'x-amz-signature': signature, ...fields }))
      if (value !== undefined) form.append(name, value);
    form.append('file', new Blob([wish.file ?? 'hello']), 'my file.txt');
    return await fetch(`${on.s3}/${Bucket}`, { method: 'POST', body: form, redirect: 'manual' });
  }

  test('uploads what a signed policy allows, and answers as it asks', async () => {
    const { on, s3 } = await filled([]);
    expect((await post(on)).status).toBe(204);
    const object = await s3.send(new GetObjectCommand({ Bucket, Key: 'up/my file.txt' }));
    expect([object.ContentType, await object.Body?.transformToString()]).toEqual(['text/plain', 'hello']);
    const conditions = [
      { bucket: Bucket },
      ['starts-with', '$key', ''],
      ['starts-with', '$x-amz-meta-a', ''],
    ];
    const anything = [
      ...conditions,
      ...[
        '$content-type',
        '$x-amz-algorithm',
        '$x-amz-credential',
        '$x-amz-date',
        '$success_action_status',
        '$success_action_redirect',
      ].map((name) => ['starts-with', name, '']),
    ];
    const created = await post(on, {
      fields: { key: 'a', success_action_status: '201', 'x-amz-meta-a': 'b' },
      conditions: anything,
    });
    expect([created.status, await created.text()]).toEqual([201, expect.stringContaining('<Key>a</Key>')]);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).Metadata).toEqual({ a: 'b' });
    const redirect = 'https://shop.example/done?x=1';
    const sent = await post(on, {
      fields: { key: 'a', success_action_redirect: redirect },
      conditions: anything,
    });
    expect([sent.status, sent.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/^https:\/\/shop\.example\/done\?x=1&bucket=about&key=a&etag=%22\w+%22$/),
    ]);
  });

  test.each<[string, Wish, number, string]>([
    ['another prefix', { fields: { key: 'elsewhere' } }, 403, 'AccessDenied'],
    ['another type', { fields: { 'content-type': 'image/png' } }, 403, 'AccessDenied'],
    ['a field of nobody', { fields: { 'x-amz-meta-a': 'b' } }, 403, 'AccessDenied'],
    ['too much', { file: 'x'.repeat(11) }, 400, 'EntityTooLarge'],
    ['nothing', { file: '' }, 400, 'EntityTooSmall'],
    ['a policy that is over', { seconds: -1 }, 403, 'AccessDenied'],
    ['the signature of another key', { secret: 'wrong' }, 403, 'SignatureDoesNotMatch'],
    ['no conditions', { conditions: [['less', '$key', 'a']] }, 400, 'InvalidPolicyDocument'],
    ['no key', { fields: { key: undefined } }, 400, 'InvalidArgument'],
    ['Signature Version 2', { fields: { awsaccesskeyid: 'x' } }, 400, 'InvalidRequest'],
    [
      'a key of nobody',
      { fields: { 'x-amz-credential': 'tid_x/20260101/auto/s3/aws4_request' } },
      403,
      'InvalidAccessKeyId',
    ],
  ])('with %s is refused, and nothing is stored', async (_title, wish, status, code) => {
    const { on, s3 } = await filled([]);
    const answer = await post(on, wish);
    expect([answer.status, /<Code>(\w+)/.exec(await answer.text())?.[1]]).toEqual([status, code]);
    expect((await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions).toBeUndefined();
  });

  test('with any policy at all is refused by a code, never by a defect', async () => {
    const { on, s3 } = await filled([]);
    const condition = fc.oneof(
      fc.jsonValue(),
      fc.tuple(fc.constantFrom('eq', 'starts-with', 'content-length-range', 'EQ'), fc.string(), fc.string()),
      fc.tuple(fc.constantFrom('eq', 'starts-with'), fc.constantFrom('$key', '$__proto__', '$'), fc.string()),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(condition, { maxLength: 4 }), async (conditions) => {
        const answer = await post(on, { conditions });
        expect([answer.status >= 400 && answer.status < 500, conditions]).toEqual([true, conditions]);
      }),
      { numRuns: 60 },
    );
    expect((await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions).toBeUndefined();
  });
});

test('any document at all about a bucket or an object is taken or refused by a code', async () => {
  const { on } = await filled();
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('', 'Enabled', '1', '-1', '9'.repeat(20), '2026-01-01T00:00:00Z'),
  );
  const tag = fc.constantFrom(
    ...'TagSet Tag Key Value CORSRule AllowedOrigin AllowedMethod MaxAgeSeconds Rule ID Status Filter Prefix Expiration Days Date Transition StorageClass'.split(
      ' ',
    ),
  );
  const escaped = text.map((one) => one.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`));
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      escaped,
      fc
        .array(fc.tuple(tag, tie('tree')), { maxLength: 4 })
        .map((all) => all.map(([name, inside]) => `<${name}>${inside}</${name}>`).join('')),
    ),
  }));
  const places = [
    ['tagging', 'Tagging', '/about'],
    ['tagging', 'Tagging', '/about/k'],
    ['cors', 'CORSConfiguration', '/about'],
    ['lifecycle', 'LifecycleConfiguration', '/about'],
  ] as const;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), tree, async ([name, root, path], inside) => {
      const put = await signedRequest(on.s3, 'PUT', path, {
        query: { [name]: '' },
        body: `<${root}>${inside}</${root}>`,
      });
      expect([put.status < 500 || put.status === 501, put.text]).toEqual([true, put.text]);
      const get = await signedRequest(on.s3, 'GET', path, { query: { [name]: '' } });
      expect([get.status < 500, get.text]).toEqual([true, get.text]);
    }),
    { numRuns: 120 },
  );
});
