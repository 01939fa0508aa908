import { createHash, createHmac } from 'node:crypto';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeletePolicyCommand,
  DetachUserPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListAccessKeysCommand,
  ListEntitiesForPolicyCommand,
  ListPoliciesCommand,
  ListUserPoliciesCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { aws, nameOfError, stage, type Stage } from './world.ts';

/** A key that holds one policy with these statements. */
async function keyWith(on: Stage, ...Statement: object[]) {
  const { iam } = aws(on);
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'hgr-i1-env_1' }));
  const id = AccessKey?.AccessKeyId ?? '';
  const document = { Version: '2012-10-17', Statement };
  const { Policy } = await iam.send(
    new CreatePolicyCommand({
      PolicyName: `policy-${id.slice(4, 12)}`,
      PolicyDocument: JSON.stringify(document),
    }),
  );
  await iam.send(new AttachUserPolicyCommand({ UserName: id, PolicyArn: Policy?.Arn ?? '' }));
  const credentials = { accessKeyId: id, secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  return { id, arn: Policy?.Arn ?? '', credentials, iam, s3: aws(on, credentials).s3 };
}

const objects = (bucket: string, ...Action: string[]) => ({
  Effect: 'Allow',
  Action,
  Resource: [`arn:aws:s3:::${bucket}/*`],
});

async function twoBuckets(on: Stage) {
  const { s3 } = aws(on);
  for (const Bucket of ['mine', 'theirs']) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'secret', Body: Bucket }));
  }
}

describe('signatures', () => {
  test('a key that nobody made and a secret that is wrong are told apart', async () => {
    const on = await stage();
    const { id } = await keyWith(on, objects('mine', 's3:GetObject'));
    const list = (accessKeyId: string) =>
      nameOfError(
        aws(on, { accessKeyId, secretAccessKey: 'tsec_wrong' }).s3.send(new ListBucketsCommand({})),
      );
    expect(await list('tid_nobody')).toBe('InvalidAccessKeyId');
    expect(await list(id)).toBe('SignatureDoesNotMatch');
  });

  test('a request without a signature is refused on both doors', async () => {
    const on = await stage();
    expect((await fetch(`${on.s3}/mine/secret`)).status).toBe(403);
    expect((await fetch(on.iam, { method: 'POST', body: 'Action=ListPolicies' })).status).toBe(403);
  });

  test('a signature that is an hour old is refused', async () => {
    const on = await stage();
    const { s3 } = aws(on);
    s3.config.systemClockOffset = -3_600_000;
    expect(await nameOfError(s3.send(new ListBucketsCommand({})))).toBe('RequestTimeTooSkewed');
  });

  test('a presigned address works for one method, one path, and until it expires', async () => {
    const on = await stage();
    await twoBuckets(on);
    const { credentials } = await keyWith(on, objects('mine', 's3:GetObject', 's3:PutObject'));
    const get = presign(on, credentials, 'GET', '/mine/secret', 600);
    expect(await (await fetch(get)).text()).toBe('mine');
    expect((await fetch(get, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await fetch(get.replace('/mine/secret', '/mine/other'))).status).toBe(403);
    const put = presign(on, credentials, 'PUT', '/mine/new%20one', 600);
    expect((await fetch(put, { method: 'PUT', body: 'fresh' })).status).toBe(200);
    on.simulator.clock.advance(601_000);
    expect((await fetch(get)).status).toBe(403);
  });
});

describe('policies', () => {
  test('a key without a policy may do nothing', async () => {
    const on = await stage();
    await twoBuckets(on);
    const { iam } = aws(on);
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'bare' }));
    const { s3 } = aws(on, {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    });
    expect(await nameOfError(s3.send(new GetObjectCommand({ Bucket: 'mine', Key: 'secret' })))).toBe(
      'AccessDenied',
    );
    expect(await nameOfError(s3.send(new ListBucketsCommand({})))).toBe('AccessDenied');
    expect(await nameOfError(s3.send(new CreateBucketCommand({ Bucket: 'new-one' })))).toBe('AccessDenied');
  });

  test('a key reaches its own bucket and no other, not even by a copy', async () => {
    const on = await stage();
    await twoBuckets(on);
    const { s3 } = await keyWith(on, objects('mine', 's3:GetObject', 's3:PutObject', 's3:DeleteObject'), {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: 'arn:aws:s3:::mine',
    });
    await s3.send(new PutObjectCommand({ Bucket: 'mine', Key: 'k', Body: 'v' }));
    await s3.send(new ListObjectsV2Command({ Bucket: 'mine' }));
    const refused = [
      s3.send(new GetObjectCommand({ Bucket: 'theirs', Key: 'secret' })),
      s3.send(new PutObjectCommand({ Bucket: 'theirs', Key: 'k', Body: 'v' })),
      s3.send(new ListObjectsV2Command({ Bucket: 'theirs' })),
      s3.send(new DeleteBucketCommand({ Bucket: 'mine' })),
      s3.send(new CopyObjectCommand({ Bucket: 'mine', Key: 'stolen', CopySource: 'theirs/secret' })),
      s3.send(new GetObjectCommand({ Bucket: 'absent', Key: 'secret' })),
    ];
    const names = await Promise.all(refused.map(nameOfError));
    expect(names).toEqual(refused.map(() => 'AccessDenied'));
    const answer = await s3.send(
      new DeleteObjectsCommand({ Bucket: 'theirs', Delete: { Objects: [{ Key: 'secret' }] } }),
    );
    expect(answer.Errors?.map((one) => one.Code)).toEqual(['AccessDenied']);
    const admin = aws(on).s3;
    expect((await admin.send(new GetObjectCommand({ Bucket: 'theirs', Key: 'secret' }))).ContentLength).toBe(
      6,
    );
  });

  test('a Deny beats every Allow, and wildcards reach as far as they say', async () => {
    const on = await stage();
    await twoBuckets(on);
    const { s3 } = await keyWith(
      on,
      { Effect: 'Allow', Action: 's3:Get*', Resource: '*' },
      { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::their?/*' },
    );
    expect((await s3.send(new GetObjectCommand({ Bucket: 'mine', Key: 'secret' }))).ContentLength).toBe(4);
    expect(await nameOfError(s3.send(new GetObjectCommand({ Bucket: 'theirs', Key: 'secret' })))).toBe(
      'AccessDenied',
    );
    expect(await nameOfError(s3.send(new PutObjectCommand({ Bucket: 'mine', Key: 'k', Body: 'v' })))).toBe(
      'AccessDenied',
    );
  });

  test('a date condition ends a key by the clock of the simulation', async () => {
    const on = await stage();
    await twoBuckets(on);
    const until = new Date(on.simulator.clock.nowMs() + 3_600_000).toISOString();
    const { s3 } = await keyWith(on, {
      ...objects('mine', 's3:GetObject'),
      Condition: { DateLessThan: { 'aws:CurrentTime': until } },
    });
    await s3.send(new GetObjectCommand({ Bucket: 'mine', Key: 'secret' }));
    on.simulator.clock.advance(3_601_000);
    expect(await nameOfError(s3.send(new GetObjectCommand({ Bucket: 'mine', Key: 'secret' })))).toBe(
      'AccessDenied',
    );
  });

  test('an address condition looks at where the request comes from', async () => {
    const on = await stage();
    await twoBuckets(on);
    const from = (range: string) =>
      keyWith(on, {
        ...objects('mine', 's3:GetObject'),
        Condition: { IpAddress: { 'aws:SourceIp': range } },
      });
    const get = new GetObjectCommand({ Bucket: 'mine', Key: 'secret' });
    await (await from('127.0.0.0/8')).s3.send(get);
    expect(await nameOfError((await from('198.51.100.0/24')).s3.send(get))).toBe('AccessDenied');
  });

  test('an inactive key is refused at once and works again when it is active', async () => {
    const on = await stage();
    await twoBuckets(on);
    const { s3, iam, id } = await keyWith(on, objects('mine', 's3:GetObject'));
    const get = () => s3.send(new GetObjectCommand({ Bucket: 'mine', Key: 'secret' }));
    await iam.send(new UpdateAccessKeyCommand({ AccessKeyId: id, Status: 'Inactive' }));
    await expect(get()).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    await iam.send(new UpdateAccessKeyCommand({ AccessKeyId: id, Status: 'Active' }));
    await get();
    await iam.send(new DeleteAccessKeyCommand({ AccessKeyId: id }));
    expect(await nameOfError(get())).toBe('InvalidAccessKeyId');
  });

  test.each([
    ['an action that Tigris does not have', { Effect: 'Allow', Action: 's3:ListObjectsV2', Resource: '*' }],
    ['an action of another service', { Effect: 'Allow', Action: 'ec2:*', Resource: '*' }],
    ['a resource that is no ARN', { Effect: 'Allow', Action: 's3:GetObject', Resource: 'mine' }],
    ['an unknown effect', { Effect: 'Maybe', Action: 's3:GetObject', Resource: '*' }],
    ['no action', { Effect: 'Allow', Resource: '*' }],
    ['NotAction', { Effect: 'Allow', NotAction: 's3:GetObject', Resource: '*' }],
    [
      'a condition on the prefix',
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: '*',
        Condition: { StringLike: { 's3:prefix': 'a/*' } },
      },
    ],
    [
      'a date on another key',
      {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: '*',
        Condition: { DateLessThan: { 'aws:EpochTime': '2030-01-01' } },
      },
    ],
  ])('a policy with %s is refused when it is made', async (_title, statement) => {
    const { iam } = aws(await stage());
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const made = iam.send(new CreatePolicyCommand({ PolicyName: 'p', PolicyDocument }));
    expect(await nameOfError(made)).toBe('MalformedPolicyDocumentException');
  });
});

describe('keys and policies over IAM', () => {
  test('keys are listed with the name they got, never with their secret', async () => {
    const { iam } = aws(await stage());
    const made = await iam.send(new CreateAccessKeyCommand({ UserName: 'hgr-i1-env_1' }));
    expect(made.AccessKey?.AccessKeyId).toMatch(/^tid_/);
    expect(made.AccessKey?.SecretAccessKey).toMatch(/^tsec_/);
    const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({}));
    expect(AccessKeyMetadata).toMatchObject([{ UserName: 'hgr-i1-env_1', Status: 'Active' }]);
    expect(JSON.stringify(AccessKeyMetadata)).not.toContain('tsec_');
  });

  test('policies are found by ARN, listed, and know who holds them', async () => {
    const on = await stage();
    const { iam, id, arn } = await keyWith(on, objects('mine', 's3:GetObject'));
    expect(arn).toMatch(/^arn:aws:iam::flyio_operator:policy\//);
    expect((await iam.send(new GetPolicyCommand({ PolicyArn: arn }))).Policy?.AttachmentCount).toBe(1);
    const { PolicyVersion } = await iam.send(
      new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: 'v1' }),
    );
    expect(JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? '')).Version).toBe('2012-10-17');
    expect((await iam.send(new ListPoliciesCommand({}))).Policies?.map((one) => one.Arn)).toEqual([arn]);
    expect((await iam.send(new ListUserPoliciesCommand({ UserName: id }))).PolicyNames).toEqual([
      arn.split('/')[1],
    ]);
    const holders = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: arn }));
    expect(holders.PolicyUsers?.map((one) => one.UserName)).toEqual([id]);
  });

  test('names of policies are unique, and attaching takes the id of a key, not its name', async () => {
    const on = await stage();
    const { iam, arn } = await keyWith(on, objects('mine', 's3:GetObject'));
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [objects('b', 's3:GetObject')],
    });
    const again = new CreatePolicyCommand({ PolicyName: arn.split('/')[1], PolicyDocument });
    expect(await nameOfError(iam.send(again))).toBe('EntityAlreadyExistsException');
    const byName = new AttachUserPolicyCommand({ UserName: 'hgr-i1-env_1', PolicyArn: arn });
    expect(await nameOfError(iam.send(byName))).toBe('NoSuchEntityException');
  });

  test('a policy is deleted only after it was detached', async () => {
    const on = await stage();
    const { iam, id, arn } = await keyWith(on, objects('mine', 's3:GetObject'));
    const remove = () => iam.send(new DeletePolicyCommand({ PolicyArn: arn }));
    expect(await nameOfError(remove())).toBe('DeleteConflictException');
    await iam.send(new DetachUserPolicyCommand({ UserName: id, PolicyArn: arn }));
    await remove();
    expect(await nameOfError(remove())).toBe('NoSuchEntityException');
  });

  test('only the admin key may use IAM, and what Tigris lacks is no action', async () => {
    const on = await stage();
    const { credentials } = await keyWith(on, { Effect: 'Allow', Action: 's3:*', Resource: '*' });
    const list = aws(on, credentials).iam.send(new ListPoliciesCommand({}));
    await expect(list).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    expect(await nameOfError(aws(on).iam.send(new CreateUserCommand({ UserName: 'u' })))).toBe(
      'InvalidAction',
    );
  });
});

/** A presigned address, written out by hand so that it does not come from the library that verifies it. */
function presign(
  on: Stage,
  { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string },
  method: string,
  path: string,
  seconds: number,
): string {
  const host = new URL(on.s3).host;
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${stamp.slice(0, 8)}/auto/s3/aws4_request`;
  const query = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${accessKeyId}/${scope}`],
    ['X-Amz-Date', stamp],
    ['X-Amz-Expires', String(seconds)],
    ['X-Amz-SignedHeaders', 'host'],
  ]
    .map(([name = '', value = '']) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  const canonical = [method, path, query, `host:${host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = [stamp.slice(0, 8), 'auto', 's3', 'aws4_request'].reduce<string | Buffer>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const text = ['AWS4-HMAC-SHA256', stamp, scope, digest].join('\n');
  return `${on.s3}${path}?${query}&X-Amz-Signature=${createHmac('sha256', key).update(text).digest('hex')}`;
}
