import { GetObjectCommand, CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { aws, control, flaps, send, stage, type Stage } from './world.ts';

/** An app with a machine, a secret and an object, whatever a test has in its world. */
async function furnish(on: Stage, name: string): Promise<string> {
  const call = flaps(on);
  await call('POST', '/apps', { app_name: name, org_slug: 'operator' });
  await call('POST', `/apps/${name}/secrets`, { values: { COLOUR: 'green' } });
  const id = (await call('POST', `/apps/${name}/machines`, { config: { image: 'nginx' } })).text('id');
  await call('GET', `/apps/${name}/machines/${id}/wait?timeout=10`);
  const { s3 } = aws(on);
  await s3.send(new CreateBucketCommand({ Bucket: `${name}-bucket` }));
  await s3.send(new PutObjectCommand({ Bucket: `${name}-bucket`, Key: 'a', Body: `of ${name}` }));
  return id;
}

async function inventory(on: Stage): Promise<unknown> {
  return (await control(on)('GET', '/inventory')).body;
}

async function snapshot(on: Stage): Promise<string> {
  return await (await fetch(`${on.api}/_fly/world`)).text();
}

async function restore(on: Stage, text: string): Promise<[number, unknown]> {
  const response = await fetch(`${on.api}/_fly/world`, { method: 'PUT', body: text });
  return [response.status, await response.json()];
}

describe('a whole world', () => {
  test('comes back from one text, in the same simulator and in another one, with its bytes and its secrets', async () => {
    const on = await stage();
    const id = await furnish(on, 'one');
    const [before, text] = [await inventory(on), await snapshot(on)];
    await furnish(on, 'two');
    await flaps(on)('DELETE', `/apps/one/machines/${id}?force=true`);
    expect(await restore(on, text)).toEqual([200, { ok: true }]);
    const other = await stage();
    await furnish(other, 'three');
    expect(await restore(other, text)).toEqual([200, { ok: true }]);
    for (const where of [on, other]) {
      expect(await inventory(where)).toEqual(before);
      expect((await flaps(where)('GET', `/apps/one/machines/${id}`)).at('state')).toBe('started');
      const object = await aws(where).s3.send(new GetObjectCommand({ Bucket: 'one-bucket', Key: 'a' }));
      expect(await object.Body?.transformToString()).toBe('of one');
      expect((await control(where)('GET', '/apps/one/environment')).at('environment.COLOUR')).toBe('green');
      await flaps(where)('POST', `/apps/one/machines/${id}/stop`);
      await flaps(where)('GET', `/apps/one/machines/${id}/wait?state=stopped&timeout=10`);
    }
    // A macaroon of that world is genuine wherever it is: its root key came along.
    const { body } = await control(on)('POST', '/tokens', { organization: 'operator' });
    const token = (body as { token: string }).token;
    expect((await flaps(other, token)('GET', '/apps/one')).status).toBe(200);
  });

  test('goes on with what it was doing', async () => {
    const on = await stage({ delays: { launch: 60_000 } });
    const call = flaps(on);
    await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
    const id = (await call('POST', '/apps/one/machines', { config: { image: 'a' } })).text('id');
    const text = await snapshot(on);
    await control(on)('POST', '/reset');
    await restore(on, text);
    expect((await call('GET', `/apps/one/machines/${id}`)).at('state')).toBe('created');
    await control(on)('POST', '/clock', { advance_seconds: 61 });
    await call('GET', `/apps/one/machines/${id}/wait?timeout=10`);
  });

  test('never takes time back', async () => {
    const on = await stage();
    const early = await snapshot(on);
    await control(on)('POST', '/clock', { advance_seconds: 7200 });
    const late = await snapshot(on);
    await restore(on, early);
    expect((await control(on)('GET', '/clock')).at('offset_ms')).toBe(7_200_000);
    const other = await stage();
    await restore(other, late);
    expect((await control(other)('GET', '/clock')).at('offset_ms')).toBe(7_200_000);
  });

  test.each([
    ['no JSON', () => 'nonsense'],
    ['another JSON', () => '{"format":"hangar-simulator-2"}'],
    ['nothing', () => ''],
    ['a list', () => '[1]'],
    ['a world that somebody wrote into', (text: string) => text.replace('operator', 'operatex')],
    ['half a world', (text: string) => text.slice(0, text.length / 2)],
  ])('is not taken from %s, and nothing changes', async (_title, spoil) => {
    const on = await stage();
    await furnish(on, 'one');
    const before = await inventory(on);
    const [status, body] = await restore(on, spoil(await snapshot(on)));
    expect([status, body]).toEqual([422, { error: expect.stringMatching(/world|JSON/) }]);
    expect(await inventory(on)).toEqual(before);
  });
});

describe('the page of the world', () => {
  test('shows apps, machines, buckets and the last requests, and no script of anybody', async () => {
    const on = await stage();
    const id = await furnish(on, 'one');
    const name = '<script>alert(1)</script>';
    await flaps(on)('POST', '/apps/one/machines', { name, config: { image: 'a' } });
    await send('GET', `${on.machines}/v1/apps/%3Cscript%3E?token=hidden`);
    const response = await fetch(`${on.api}/`);
    const text = await response.text();
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    for (const words of ['>one<', `>${id}<`, '>started<', '>one-bucket<', '>/v1/apps/one/machines<'])
      expect(text).toContain(words);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toMatch(/<script|hidden|green/i);
    const seen = await control(on)('GET', '/requests');
    expect(seen.at('requests.0')).toMatchObject({
      door: 'machines',
      method: 'GET',
      path: '/v1/apps/%3Cscript%3E',
      status: 401,
    });
    expect(seen.at('requests.2')).toMatchObject({ door: 's3', method: 'PUT', path: '/one-bucket/a' });
  });

  test('remembers a bounded number of requests', async () => {
    const on = await stage();
    for (let count = 0; count < 250; count += 1) await send('GET', `${on.machines}/v1/nothing/${count}`);
    const { requests } = (await control(on)('GET', '/requests')).body as { requests: { path: string }[] };
    expect(requests).toHaveLength(200);
    expect(requests[0]?.path).toBe('/v1/nothing/249');
  });

  test('health is there when nothing else has been asked', async () => {
    const on = await stage();
    expect(await send('GET', `${on.api}/_fly/health`)).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});
