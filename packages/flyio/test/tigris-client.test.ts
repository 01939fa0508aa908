import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTigrisClient, type TigrisClient } from '@hangar/flyio/tigris';
import { Secret } from '@hangar/security';
import { startStandIn, type Received, type StandIn } from './harness.ts';

let server: StandIn;
let tigris: TigrisClient;
let answer: (request: Received, response: ServerResponse) => void;

const xml = (response: ServerResponse, status: number, text: string): void =>
  void response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
const s3Error = (response: ServerResponse, status: number, code: string): void =>
  xml(response, status, `<Error><Code>${code}</Code><Message>m</Message></Error>`);
const iamError = (response: ServerResponse, status: number, code: string): void =>
  xml(
    response,
    status,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>m</Message></Error></ErrorResponse>`,
  );
const iamAnswer = (response: ServerResponse, action: string, inner: string): void =>
  xml(
    response,
    200,
    `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${action}Result>${inner}</${action}Result></${action}Response>`,
  );
const form = (request: Received | undefined): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(request?.body));
const steps = (): string[] =>
  server.received.map(({ method, target }) => `${method} ${target.replace(/[?&]x-id=\w+/, '')}`);

beforeAll(async () => {
  server = await startStandIn((request, response) => answer(request, response));
  tigris = createTigrisClient({
    s3Endpoint: server.origin,
    iamEndpoint: server.origin,
    accessKeyId: 'tid_operator',
    secretAccessKey: Secret.of('tsec_operator'),
  });
});

beforeEach(() => {
  server.received.length = 0;
  answer = (_request, response) => xml(response, 200, '<Ok/>');
});

afterAll(async () => {
  tigris.close();
  await server.close();
});

describe('a bucket', () => {
  test('is made in the path, region auto, signed with the key and without its secret', async () => {
    expect(await tigris.ensureBucket('notebook-7f3a')).toBe('created');
    const [request] = server.received;
    expect(request?.method).toBe('PUT');
    expect(request?.target).toMatch(/^\/notebook-7f3a\/?$/);
    expect(request?.headers.authorization).toMatch(
      /Credential=tid_operator\/[0-9]{8}\/auto\/s3\/aws4_request/,
    );
    expect(JSON.stringify(request)).not.toContain('tsec_operator');
  });

  test('that is ours already is fine; one of somebody else is a name that is taken', async () => {
    answer = (_request, response) => s3Error(response, 409, 'BucketAlreadyOwnedByYou');
    expect(await tigris.ensureBucket('b')).toBe('existed');
    answer = (_request, response) => s3Error(response, 409, 'BucketAlreadyExists');
    await expect(tigris.ensureBucket('b')).rejects.toMatchObject({ code: 'name_taken' });
  });

  test('is emptied of uploads and objects, page by page, before it goes', async () => {
    const uploads = [
      ['k1', 'u1'],
      ['k2', 'u2'],
    ];
    let objects = ['a', 'b/c', 'd & <e>'];
    answer = (request, response) => {
      if (request.method === 'GET' && request.target.includes('uploads')) {
        const [first] = uploads;
        const inner = first ? `<Upload><Key>${first[0]}</Key><UploadId>${first[1]}</UploadId></Upload>` : '';
        uploads.shift();
        const more = uploads.length > 0;
        return xml(
          response,
          200,
          `<ListMultipartUploadsResult><IsTruncated>${more}</IsTruncated><NextKeyMarker>m</NextKeyMarker><NextUploadIdMarker>n</NextUploadIdMarker>${inner}</ListMultipartUploadsResult>`,
        );
      }
      if (request.method === 'GET') {
        const inner = objects
          .slice(0, 2)
          .map(
            (key) => `<Contents><Key>${key.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</Key></Contents>`,
          );
        return xml(response, 200, `<ListBucketResult>${inner.join('')}</ListBucketResult>`);
      }
      if (request.method === 'POST') {
        objects = objects.slice(2);
        return xml(response, 200, '<DeleteResult/>');
      }
      return void response.writeHead(204).end();
    };
    await tigris.emptyAndDeleteBucket('b');
    const kinds = steps().map((step) =>
      step.replace(/\?.*(uploads|uploadId|list-type|delete).*/, ' $1').replace('/ ', ' '),
    );
    expect(kinds).toEqual([
      'GET /b uploads',
      'DELETE /b/k1 uploadId',
      'GET /b uploads',
      'DELETE /b/k2 uploadId',
      'GET /b list-type',
      'POST /b delete',
      'GET /b list-type',
      'POST /b delete',
      'GET /b list-type',
      expect.stringMatching(/^DELETE \/b\/?$/),
    ]);
    expect(server.received.filter(({ method }) => method === 'POST')[1]?.body).toContain(
      'd &amp; &lt;e>'.replace('>', '&gt;'),
    );
  });

  test('that fills again while it is emptied is emptied again, but not for ever', async () => {
    let deletions = 0;
    answer = (request, response) => {
      if (request.method !== 'DELETE') return xml(response, 200, '<Ok/>');
      deletions += 1;
      return deletions < 3 ? s3Error(response, 409, 'BucketNotEmpty') : void response.writeHead(204).end();
    };
    await tigris.emptyAndDeleteBucket('b');
    expect(deletions).toBe(3);
    answer = (request, response) =>
      request.method === 'DELETE' ? s3Error(response, 409, 'BucketNotEmpty') : xml(response, 200, '<Ok/>');
    await expect(tigris.emptyAndDeleteBucket('b')).rejects.toMatchObject({ code: 'upstream_failed' });
  });

  test('that is gone is as good as deleted', async () => {
    answer = (_request, response) => s3Error(response, 404, 'NoSuchBucket');
    await expect(tigris.emptyAndDeleteBucket('b')).resolves.toBeUndefined();
  });

  test('with an object that will not go is an error, and stays', async () => {
    answer = (request, response) => {
      if (request.method === 'POST')
        return xml(
          response,
          200,
          '<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>',
        );
      return xml(response, 200, '<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>');
    };
    await expect(tigris.emptyAndDeleteBucket('b')).rejects.toMatchObject({ code: 'upstream_failed' });
    expect(steps().some((step) => step.startsWith('DELETE'))).toBe(false);
  });

  test('lists come with their dates, over all pages', async () => {
    answer = (request, response) =>
      xml(
        response,
        200,
        request.target.includes('continuation-token')
          ? '<ListAllMyBucketsResult><Buckets><Bucket><Name>b</Name></Bucket></Buckets></ListAllMyBucketsResult>'
          : '<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name><CreationDate>2026-11-20T00:00:00.000Z</CreationDate></Bucket></Buckets><ContinuationToken>t</ContinuationToken></ListAllMyBucketsResult>',
      );
    expect(await tigris.listBuckets()).toEqual([
      { name: 'a', createdAt: new Date('2026-11-20') },
      { name: 'b' },
    ]);
  });
});

describe('an access key', () => {
  test('is made under a display name, and its secret is a Secret', async () => {
    answer = (_request, response) =>
      iamAnswer(
        response,
        'CreateAccessKey',
        '<AccessKey><UserName>env</UserName><AccessKeyId>tid_1</AccessKeyId><Status>Active</Status><SecretAccessKey>tsec_1</SecretAccessKey></AccessKey>',
      );
    const key = await tigris.createAccessKey('env');
    expect(key.accessKeyId).toBe('tid_1');
    expect(key.secret.reveal()).toBe('tsec_1');
    expect(JSON.stringify(key)).not.toContain('tsec_1');
    expect(form(server.received[0])).toMatchObject({
      Action: 'CreateAccessKey',
      UserName: 'env',
      Version: '2010-05-08',
    });
    expect(server.received[0]?.headers.authorization).toContain('/auto/iam/aws4_request');
  });

  test('is asked for once, also when the answer is an error; what can be repeated is', async () => {
    answer = (_request, response) => iamError(response, 500, 'InternalError');
    await expect(tigris.createAccessKey('env')).rejects.toMatchObject({ code: 'upstream_failed' });
    expect(server.received).toHaveLength(1);
    await expect(tigris.listAccessKeys()).rejects.toMatchObject({ code: 'upstream_failed' });
    expect(server.received.length).toBeGreaterThan(2);
  });

  test('is switched off and deleted by its id; one that is gone is a success', async () => {
    answer = (request, response) => iamAnswer(response, form(request)['Action'] ?? '', '');
    await tigris.deactivateAccessKey('tid_1');
    await tigris.deleteAccessKey('tid_1');
    expect(server.received.map(form)).toMatchObject([
      { Action: 'UpdateAccessKey', AccessKeyId: 'tid_1', Status: 'Inactive' },
      { Action: 'DeleteAccessKey', AccessKeyId: 'tid_1' },
    ]);
    answer = (_request, response) => iamError(response, 404, 'NoSuchEntity');
    await tigris.deactivateAccessKey('tid_1');
    await tigris.deleteAccessKey('tid_1');
    await tigris.detachPolicy('tid_1', 'arn');
    await tigris.deletePolicy('arn');
  });

  test('lists say which are active, over all pages', async () => {
    answer = (request, response) =>
      iamAnswer(
        response,
        'ListAccessKeys',
        form(request)['Marker'] === 'm'
          ? '<AccessKeyMetadata><member><AccessKeyId>tid_2</AccessKeyId><UserName>b</UserName><Status>Inactive</Status></member></AccessKeyMetadata><IsTruncated>false</IsTruncated>'
          : '<AccessKeyMetadata><member><AccessKeyId>tid_1</AccessKeyId><Status>Active</Status></member></AccessKeyMetadata><IsTruncated>true</IsTruncated><Marker>m</Marker>',
      );
    expect(await tigris.listAccessKeys()).toEqual([
      { accessKeyId: 'tid_1', active: true },
      { accessKeyId: 'tid_2', userName: 'b', active: false },
    ]);
  });
});

describe('a policy', () => {
  const document = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::b/*'] }],
  };
  const arn = 'arn:aws:iam::o:policy/p';

  test('is made, attached by the id of the key, detached and deleted', async () => {
    answer = (request, response) =>
      iamAnswer(response, form(request)['Action'] ?? '', `<Policy><Arn>${arn}</Arn></Policy>`);
    expect(await tigris.ensurePolicy('p', document)).toBe(arn);
    await tigris.attachPolicy('tid_1', arn);
    await tigris.detachPolicy('tid_1', arn);
    await tigris.deletePolicy(arn);
    expect(server.received.map(form)).toMatchObject([
      { Action: 'CreatePolicy', PolicyName: 'p', PolicyDocument: JSON.stringify(document) },
      { Action: 'AttachUserPolicy', UserName: 'tid_1', PolicyArn: arn },
      { Action: 'DetachUserPolicy', UserName: 'tid_1', PolicyArn: arn },
      { Action: 'DeletePolicy', PolicyArn: arn },
    ]);
  });

  test.each([
    [
      'the same in another order',
      JSON.stringify({ Statement: document.Statement, Version: document.Version }),
      arn,
    ],
    ['the same, URL-encoded', encodeURIComponent(JSON.stringify(document)), arn],
    [
      'something wider',
      JSON.stringify({ ...document, Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }),
      'state_conflict',
    ],
    ['nothing readable', 'x', 'state_conflict'],
  ])('whose name exists and that says %s', async (_name, stored, outcome) => {
    answer = (request, response) => {
      const action = form(request)['Action'] ?? '';
      if (action === 'CreatePolicy') return iamError(response, 409, 'EntityAlreadyExists');
      if (action === 'ListPolicies')
        return iamAnswer(
          response,
          action,
          `<Policies><member><PolicyName>other</PolicyName><Arn>x</Arn></member><member><PolicyName>p</PolicyName><Arn>${arn}</Arn></member></Policies>`,
        );
      if (action === 'GetPolicy')
        return iamAnswer(
          response,
          action,
          `<Policy><Arn>${arn}</Arn><DefaultVersionId>v3</DefaultVersionId></Policy>`,
        );
      expect(form(request)['VersionId']).toBe('v3');
      return iamAnswer(
        response,
        action,
        `<PolicyVersion><Document>${stored.replace(/&/g, '&amp;')}</Document></PolicyVersion>`,
      );
    };
    const result = await tigris.ensurePolicy('p', document).catch((error: { code: string }) => error.code);
    expect(result).toBe(outcome);
  });

  test('still attached cannot be deleted, and says so in the log only', async () => {
    answer = (_request, response) => iamError(response, 409, 'DeleteConflict');
    const error: unknown = await tigris.deletePolicy(arn).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'upstream_failed' });
    expect((error as { detail: string }).detail).toContain('DeleteConflict');
    expect((error as { sentence: string }).sentence).not.toContain('DeleteConflict');
  });
});

test('nobody there is unreachable', async () => {
  const gone = await startStandIn(() => undefined);
  await gone.close();
  const nobody = createTigrisClient({
    s3Endpoint: gone.origin,
    iamEndpoint: gone.origin,
    accessKeyId: 'tid_x',
    secretAccessKey: Secret.of('tsec_x'),
  });
  await expect(nobody.ensureBucket('b')).rejects.toMatchObject({ code: 'upstream_unreachable' });
  await expect(nobody.listPolicies()).rejects.toMatchObject({ code: 'upstream_unreachable' });
  nobody.close();
});
