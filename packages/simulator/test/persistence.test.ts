import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateAccessKeyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createSimulator } from '../src/index.ts';
import { aws, control, flaps, send, stage, temporaryFolder } from './world.ts';

test('a world comes back as it was: apps, secrets, keys, objects, codes and the clock', async () => {
  const state = join(temporaryFolder(), 'world.json');
  const before = await stage({ state });
  const call = flaps(before);
  await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  await call('POST', '/apps/one/secrets/KEY', { value: 'v' });
  await call('POST', '/apps/one/machines', {
    config: { image: 'a', env: { $map: 'mine' } },
    skip_launch: true,
  });
  const { s3, iam } = aws(before);
  await s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
  await s3.send(
    new PutObjectCommand({ Bucket: 'kept', Key: '__proto__', Body: new Uint8Array([0, 255, 10]) }),
  );
  await iam.send(new CreateAccessKeyCommand({ UserName: 'one' }));
  await control(before)('POST', '/clock', { advance_seconds: 3600 });
  const seen = (await control(before)('GET', '/inventory')).body;
  await before.close();

  const after = await stage({ state });
  expect((await control(after)('GET', '/inventory')).body).toEqual(seen);
  expect((await control(after)('GET', '/clock')).at('offset_ms')).toBe(3_600_000);
  expect((await flaps(after)('GET', '/apps/one/secrets/KEY?show_secrets=true')).at('value')).toBe('v');
  expect((await flaps(after)('GET', '/apps/one/machines')).at('0.config.env')).toEqual({ $map: 'mine' });
  const got = await aws(after).s3.send(new GetObjectCommand({ Bucket: 'kept', Key: '__proto__' }));
  expect([...((await got.Body?.transformToByteArray()) ?? [])]).toEqual([0, 255, 10]);
});

test('a machine that was on its way arrives after the restart, and its news is still told', async () => {
  const state = join(temporaryFolder(), 'world.json');
  const before = await stage({ state, delays: { launch: 1_000_000 } });
  before.provider.answer = () => ({ status: 503 });
  await flaps(before)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  const id = (await flaps(before)('POST', '/apps/one/machines', { config: { image: 'a' } })).text('id');
  await before.close();

  const after = await stage({ state });
  after.simulator.clock.advance(1_000_000);
  expect((await flaps(after)('GET', `/apps/one/machines/${id}/wait?timeout=10`)).status).toBe(200);
  await control(after)('POST', '/events/idle');
  const told = after.provider.received.map((one) => (JSON.parse(one.body) as { status: string }).status);
  expect(told).toEqual(['created', 'starting', 'started']);
});

test('a signed-in user stays signed in over a restart', async () => {
  const state = join(temporaryFolder(), 'world.json');
  const before = await stage({ state });
  const redirect_uri = 'http://127.0.0.1:9/callback';
  await before.close();
  const oauth = { redirectUris: [redirect_uri] };
  const first = await stage({ state, oauth });
  const query = {
    client_id: 'simulated-client',
    response_type: 'code',
    redirect_uri,
    scope: 'read',
    user_id: 'NeBO2G0l0yJ6',
  };
  const picked = await fetch(`${first.api}/oauth/authorize`, {
    method: 'POST',
    body: new URLSearchParams(query),
    redirect: 'manual',
  });
  const code = new URL(picked.headers.get('location') ?? '').searchParams.get('code') ?? '';
  await first.close();
  const second = await stage({ state, oauth });
  const exchanged = await fetch(`${second.api}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'simulated-client',
      client_secret: 'simulated-client-secret',
      redirect_uri,
      code,
    }),
  });
  const { access_token } = (await exchanged.json()) as { access_token: string };
  await second.close();
  const third = await stage({ state, oauth });
  const info = await send('GET', `${third.api}/oauth/token/info`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  expect(info.at('user_name')).toBe('Gabriella Fern');
});

test("the files are the owner's alone, and a clean end leaves one of them", async () => {
  const folder = temporaryFolder();
  const state = join(folder, 'world.json');
  const on = await stage({ state });
  for (let i = 0; i < 20; i++) {
    await flaps(on)('POST', '/apps', { app_name: `app-${i}`, org_slug: 'operator' });
    expect(readdirSync(folder)).toEqual(['world.json.journal.0']);
  }
  expect(statSync(`${state}.journal.0`).mode & 0o777).toBe(0o600);
  await on.close();
  expect(readdirSync(folder)).toEqual(['world.json']);
  expect(statSync(state).mode & 0o777).toBe(0o600);
});

test('a file that holds something else is refused instead of overwritten', () => {
  const state = join(temporaryFolder(), 'notes.json');
  writeFileSync(state, '{"my":"notes"}');
  expect(() => createSimulator({ state })).toThrow(`${state} does not hold a simulated world`);
  expect(readFileSync(state, 'utf8')).toBe('{"my":"notes"}');
});

test('closing leaves no timer behind', async () => {
  const on = await stage();
  await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  await flaps(on)('POST', '/apps/one/machines', { config: { image: 'a' } });
  expect(on.simulator.clock.pending()).toBeGreaterThan(0);
  await on.close();
  expect(on.simulator.clock.pending()).toBe(0);
});
