import { request } from 'node:http';
import { CreateBucketCommand, DeleteObjectsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { aws, control, flaps, nameOfError, stage, type Stage } from './world.ts';

/** Sends a request whose target no URL class has tidied up. */
const raw = async (
  base: string,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; text: string }> =>
  await new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base);
    const outgoing = request({ hostname, port, method, path, headers: options.headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (part: string) => (text += part));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });

const targets = [
  '/',
  '//',
  '/%',
  '/%E0%A4%A',
  '/%00',
  '/..',
  '/v1/apps/..%2f..',
  '/v1/apps/%zz',
  `/${'a'.repeat(8000)}`,
  '/?%',
  '/?a=%E0%A4%A',
  "/?'<>",
];

test('no request target brings a door down', async () => {
  const on = await stage();
  for (const base of [on.api, on.machines, on.s3, on.iam]) {
    for (const target of targets) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await raw(base, method, target, {
          headers: { authorization: 'Bearer fo1_simulated-operator-token' },
        });
        const isPage = base === on.api && method === 'GET' && target.split('?')[0] === '/';
        const expected = isPage ? answer.status === 200 : answer.status >= 400 && answer.status < 500;
        expect([base, method, target, expected]).toEqual([base, method, target, true]);
      }
    }
  }
});

test.each([
  'AWS4-HMAC-SHA256',
  'AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=, Signature=',
  `AWS4-HMAC-SHA256 Credential=tid_simulated_admin/20261120/auto/s3/aws4_request, SignedHeaders=host;__proto__, Signature=${'0'.repeat(64)}`,
  `AWS4-HMAC-SHA256 Credential=tid_simulated_admin/20261120/auto/s3/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
  'AWS tid:sig',
  'Bearer fo1_x',
])('the authorization "%s" is refused in XML', async (authorization) => {
  const on = await stage();
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  for (const base of [on.s3, on.iam]) {
    const answer = await raw(base, 'POST', '/', {
      headers: { authorization, 'x-amz-date': stamp },
      body: 'Action=ListPolicies',
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.text).toContain('<Code>');
  }
});

test.each([
  'not json',
  '[]',
  '"text"',
  'null',
  '{"config":[]}',
  '{"config":{"image":{}}}',
  '{"name":7,"config":{"image":"a"}}',
  '{"config":{"image":"a","guest":"big"}}',
  '{"config":{"image":"a","mounts":["x"]}}',
  '{"config":{"image":"a","metadata":[1]}}',
  '{"config":{"image":"a","containers":[null,"x"]}}',
  '{"config":{"image":"a"},"lease_ttl":"soon"}',
])('the machine %s gives a machine or a 4xx', async (body) => {
  const on = await stage();
  await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  const headers = {
    authorization: 'Bearer fo1_simulated-operator-token',
    'content-type': 'application/json',
  };
  const answer = await raw(on.machines, 'POST', '/v1/apps/one/machines', { headers, body });
  expect([200, 400, 412]).toContain(answer.status);
  const list = await flaps(on)('GET', '/apps/one/machines');
  expect(list.status).toBe(200);
  expect((await control(on)('GET', '/inventory')).status).toBe(200);
});

test('names that mean something to JavaScript are only names', async () => {
  const on = await stage();
  const call = flaps(on);
  await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  for (const name of ['__proto__', 'constructor', 'toString']) {
    expect((await call('GET', `/apps/${name}`)).status).toBe(404);
    expect((await call('GET', `/apps/one/secrets/${name}`)).status).toBe(404);
    expect((await call('POST', `/apps/one/secrets/${name}`, { value: 'v' })).status).toBe(201);
    expect((await call('GET', `/apps/one/secrets/${name}?show_secrets=true`)).at('value')).toBe('v');
  }
  expect(({} as Record<string, unknown>)['value']).toBeUndefined();
});

test('broken XML and declared entities are refused, escaped characters stay what they are', async () => {
  const on = await stage();
  const { s3 } = aws(on);
  await s3.send(new CreateBucketCommand({ Bucket: 'one' }));
  await s3.send(new PutObjectCommand({ Bucket: 'one', Key: 'a&amp;b', Body: 'v' }));
  const deletion = (Key: string) =>
    new DeleteObjectsCommand({ Bucket: 'one', Delete: { Objects: [{ Key }] } });
  expect((await s3.send(deletion('a&amp;b'))).Deleted?.[0]?.Key).toBe('a&amp;b');
  expect((await inventoryOf(on)).objects).toBe(0);
  for (const body of [
    '<Delete',
    '<Delete/>',
    '<!DOCTYPE a [<!ENTITY b "c">]><Delete><Object><Key>&b;</Key></Object></Delete>',
  ]) {
    const command = deletion('x');
    command.middlewareStack.add(
      (next) => (args) => {
        const sent = args.request as { body: string; headers: Record<string, string> };
        sent.body = body;
        sent.headers['content-length'] = String(body.length);
        for (const name of Object.keys(sent.headers))
          if (/checksum|md5/i.test(name)) delete sent.headers[name];
        return next(args);
      },
      { step: 'build', priority: 'low' },
    );
    expect(await nameOfError(s3.send(command))).toBe('MalformedXML');
  }
});

async function inventoryOf(on: Stage): Promise<{ objects: number }> {
  return (await control(on)('GET', '/inventory')).at('buckets.0') as { objects: number };
}
