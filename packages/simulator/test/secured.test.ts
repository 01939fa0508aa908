import { createHmac, createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { control, flaps, foreignToken, stage, type Answer, type Stage } from './world.ts';

/** A certificate of its own making for shop.example.com, and its key: made for this test, used nowhere else. */
const FULL_CHAIN = `-----BEGIN CERTIFICATE-----
MIIBozCCAUqgAwIBAgIUZ/odll983AknwUbwXbXAGw2zaiswCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNT3duIEF1dGhvcml0eTAgFw0yNjExMjgwMjIyMjhaGA8yMTI2
MTEwNDAyMjIyOFowGDEWMBQGA1UEAwwNT3duIEF1dGhvcml0eTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABOV2LooCmMykPqxfFCLM3UOj6Q1bBKyCrqZbueBgDm+R
G0kCOWpmNxuvl83w7sszgkJacVMNmJswbtemjNoOGYOjcDBuMB0GA1UdDgQWBBRc
4+0nMycWQ9shL3kSGqSzmv6NRDAfBgNVHSMEGDAWgBRc4+0nMycWQ9shL3kSGqSz
mv6NRDAPBgNVHRMBAf8EBTADAQH/MBsGA1UdEQQUMBKCEHNob3AuZXhhbXBsZS5j
b20wCgYIKoZIzj0EAwIDRwAwRAIgWQRGtEhjXUBR2H6m/m9PWWCHS1BnDU6B7Ao5
ZegqKLcCIBDVkYq4aEnRfXW6jETewkK9Zrnm2Ch8qDE265UUKymd
-----END CERTIFICATE-----
`;
const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRqdxfCmVwY02q10A
bhhZK4lxBGngzWnARKMPECx3HdKhRANCAATldi6KApjMpD6sXxQizN1Do+kNWwSs
gq6mW7ngYA5vkRtJAjlqZjcbr5fN8O7LM4JCWnFTDZibMG7XpozaDhmD
-----END PRIVATE KEY-----
`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function withApp(): Promise<Stage> {
  const on = await stage();
  await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  await flaps(on)('POST', '/apps', { app_name: 'two', org_slug: 'operator' });
  return on;
}

describe('certificates', () => {
  const call = (on: Stage, app = 'one') => {
    const flap = flaps(on);
    return (method: string, path = '', body?: unknown): Promise<Answer> =>
      flap(method, `/apps/${app}/certificates${path}`, body);
  };

  test('a host waits until its names lead here, then it has one of the platform', async () => {
    const on = await withApp();
    await flaps(on)('POST', '/apps/one/ip_assignments', { type: 'v6' });
    const made = await call(on)('POST', '/acme', { hostname: 'Shop.example.com' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      hostname: 'shop.example.com',
      configured: false,
      acme_requested: true,
      status: 'pending_ownership',
      certificates: [{ source: 'fly', status: 'pending_ownership', issued: [] }],
      validation: { dns_configured: false },
      dns_requirements: {
        cname: 'one.fly.dev',
        acme_challenge: { name: '_acme-challenge.shop.example.com' },
        ownership: { name: '_fly-ownership.shop.example.com' },
      },
      validation_errors: [{ code: 'dns_not_configured' }],
    });
    expect(made.at('dns_requirements.aaaa')).toHaveLength(1);
    expect(made.at('dns_records')).toBeUndefined();
    expect(
      (await control(on)('POST', '/certificates', { hostname: 'shop.example.com', dns_ready: true })).status,
    ).toBe(200);
    const checked = await call(on)('POST', '/shop.example.com/check');
    expect(checked.body).toMatchObject({
      configured: true,
      status: 'active',
      certificates: [{ source: 'fly', status: 'active', issued: [{ type: 'rsa' }, { type: 'ecdsa' }] }],
      validation_errors: [],
      dns_records: { cname: ['one.fly.dev'] },
    });
    expect((await call(on)('GET', '/shop.example.com')).at('status')).toBe('active');
    expect((await call(on)('GET')).at('certificates.0')).toMatchObject({
      has_fly_certificate: true,
      configured: true,
    });
    expect((await call(on)('DELETE', '/shop.example.com')).status).toBe(204);
    expect((await call(on)('GET', '/shop.example.com')).status).toBe(404);
  });

  test('one that the customer brings is for that host and that key, and stays when the other kind goes', async () => {
    const on = await withApp();
    const hostname = 'shop.example.com';
    const own = { hostname, fullchain: FULL_CHAIN, private_key: PRIVATE_KEY };
    expect((await call(on)('POST', '/custom', { ...own, hostname: 'other.example.com' })).status).toBe(422);
    expect((await call(on)('POST', '/custom', { ...own, fullchain: 'x' })).status).toBe(422);
    expect((await call(on)('POST', '/custom', { ...own, private_key: FULL_CHAIN })).status).toBe(422);
    expect((await call(on)('GET')).at('total_count')).toBe(0);
    await call(on)('POST', '/acme', { hostname });
    const both = await call(on)('POST', '/custom', own);
    expect(both.body).toMatchObject({
      status: 'active',
      certificates: [{ source: 'fly' }, { source: 'custom', issuer: 'Own Authority' }],
    });
    const rest = await call(on)('DELETE', '/shop.example.com/acme');
    expect(rest.at('certificates')).toMatchObject([{ source: 'custom' }]);
    expect((await call(on)('DELETE', '/shop.example.com/custom')).status).toBe(200);
    expect((await call(on)('GET')).at('certificates')).toEqual([]);
  });

  test('lists are paged and filtered; a host has one app, a name that is none has no certificate', async () => {
    const on = await withApp();
    for (const name of ['a', 'b', 'c']) await call(on)('POST', '/acme', { hostname: `${name}.example.com` });
    const first = await call(on)('GET', '?limit=2');
    expect([first.at('total_count'), first.at('next_cursor')]).toEqual([3, 'b.example.com']);
    const second = await call(on)('GET', '?limit=2&cursor=b.example.com');
    expect([second.at('certificates.0.hostname'), second.at('next_cursor')]).toEqual(['c.example.com', '']);
    expect((await call(on)('GET', '?filter=b.')).at('total_count')).toBe(1);
    expect((await call(on)('GET', '?cursor=x')).status).toBe(400);
    expect((await call(on, 'two')('POST', '/acme', { hostname: 'a.example.com' })).status).toBe(422);
    for (const hostname of [
      '',
      'localhost',
      '-a.example.com',
      'a..example.com',
      `${'a'.repeat(300)}.com`,
      'a b.com',
    ])
      expect((await call(on)('POST', '/acme', { hostname })).status).toBe(422);
    expect((await call(on)('POST', '/acme', { hostname: 7 })).status).toBe(400);
    expect((await flaps(on, foreignToken)('GET', '/apps/one/certificates')).status).toBe(403);
    await flaps(on)('DELETE', '/apps/one');
    expect((await call(on, 'two')('POST', '/acme', { hostname: 'a.example.com' })).status).toBe(201);
  });
});

describe('secret keys', () => {
  const call = (on: Stage) => {
    const flap = flaps(on);
    return (method: string, path = '', body?: unknown): Promise<Answer> =>
      flap(method, `/apps/one/secretkeys${path}`, body);
  };

  test('one that is generated encrypts and decrypts, and its value is nowhere', async () => {
    const on = await withApp();
    const made = await call(on)('POST', '/k1v0/generate', { type: 'nacl_secretbox', value: null });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: 'k1v0', type: 'nacl_secretbox', version: 1 });
    expect(Object.keys(made.body as object)).not.toContain('value');
    const sealed = await call(on)('POST', '/k1v0/encrypt', { plaintext: base64('hello') });
    const ciphertext = sealed.text('ciphertext');
    expect((await call(on)('POST', '/k1v0/decrypt', { ciphertext })).text('plaintext')).toBe(base64('hello'));
    const other = Buffer.from(ciphertext, 'base64');
    other[20] = (other[20] ?? 0) ^ 1;
    for (const wrong of [other.toString('base64'), base64('x'), 'not base64!', 7])
      expect((await call(on)('POST', '/k1v0/decrypt', { ciphertext: wrong })).status).toBe(400);
    expect((await call(on)('POST', '/k1v0/sign', { plaintext: base64('x') })).status).toBe(400);
    expect((await call(on)('POST', '/k1v0/encrypt', {})).status).toBe(400);
    expect(
      (await call(on)('POST', '/k1v0/encrypt', { plaintext: base64('x'), associated_data: base64('y') }))
        .status,
    ).toBe(400);
    expect((await call(on)('GET')).at('secret_keys')).toMatchObject([
      { name: 'k1v0', type: 'nacl_secretbox' },
    ]);
    expect((await call(on)('GET', '?types=hs256')).at('secret_keys')).toEqual([]);
    expect((await call(on)('DELETE', '/k1v0')).at('version')).toBe(2);
    expect((await call(on)('GET', '/k1v0')).status).toBe(404);
    expect((await call(on)('POST', '/k1v0/decrypt', { ciphertext })).status).toBe(404);
  });

  test('a ciphertext may be bound to further bytes', async () => {
    const on = await withApp();
    await call(on)('POST', '/x/generate', { type: 'xaes256gcm' });
    const bound = { associated_data: base64('for you') };
    const { ciphertext } = (await call(on)('POST', '/x/encrypt', { plaintext: base64('p'), ...bound }))
      .body as {
      ciphertext: string;
    };
    expect((await call(on)('POST', '/x/decrypt', { ciphertext })).status).toBe(400);
    expect((await call(on)('POST', '/x/decrypt', { ciphertext, ...bound })).text('plaintext')).toBe(
      base64('p'),
    );
  });

  test('signatures are those that their types name, and wrong ones are refused', async () => {
    const on = await withApp();
    const value = Buffer.alloc(32, 7);
    expect((await call(on)('POST', '/mac', { type: 'hs256', value: value.toString('base64') })).status).toBe(
      201,
    );
    const plaintext = base64('pay 5');
    const { signature } = (await call(on)('POST', '/mac/sign', { plaintext })).body as { signature: string };
    expect(signature).toBe(createHmac('sha256', value).update('pay 5').digest('base64'));
    expect((await call(on)('POST', '/mac/verify', { plaintext, signature })).status).toBe(204);
    expect((await call(on)('POST', '/mac/verify', { plaintext: base64('pay 9'), signature })).status).toBe(
      400,
    );
    for (const [type, digest] of [
      ['es256', 'sha256'],
      ['nacl_sign', null],
    ] as const) {
      const made = await call(on)('POST', `/${type}/generate`, { type });
      const key = createPublicKey({
        key: Buffer.from(made.text('public_key'), 'base64'),
        format: 'der',
        type: 'spki',
      });
      const signed = (await call(on)('POST', `/${type}/sign`, { plaintext })).text('signature');
      expect(verify(digest, Buffer.from('pay 5'), key, Buffer.from(signed, 'base64'))).toBe(true);
      expect((await call(on)('POST', `/${type}/verify`, { plaintext, signature: signed })).status).toBe(204);
      expect((await call(on)('POST', `/${type}/verify`, { plaintext, signature: base64('x') })).status).toBe(
        400,
      );
    }
  });

  test('types, names and values that cannot be are refused, and nothing is set', async () => {
    const on = await withApp();
    for (const [path, body] of [
      ['/k/generate', { type: 'rot13' }],
      ['/k/generate', { type: 'constructor' }],
      ['/k/generate', {}],
      ['/1%20k/generate', { type: 'hs256' }],
      ['/k', { type: 'hs256', value: base64('short') }],
      ['/k', { type: 'es256', value: base64('x') }],
      ['/k', { type: 'hs256', value: 'ä' }],
    ] as const)
      expect((await call(on)('POST', path, body)).status).toBe(400);
    expect((await call(on)('GET')).at('secret_keys')).toEqual([]);
    const reads = (await control(on)('POST', '/tokens', { organization: 'operator', actions: 'r' })).text(
      'token',
    );
    const generate = flaps(on, reads)('POST', '/apps/one/secretkeys/k/generate', { type: 'hs256' });
    expect((await generate).status).toBe(403);
  });
});

test('a process listens to the ports of its services: a deployment waits for them', async () => {
  const on = await withApp();
  const services = [80, 443, 80].map((internal_port) => ({ protocol: 'tcp', internal_port, ports: [] }));
  const made = await flaps(on)('POST', '/apps/one/machines', { config: { image: 'a', services } });
  const path = `/apps/one/machines/${made.text('id')}`;
  await flaps(on)('GET', `${path}/wait?state=started&timeout=10`);
  expect((await flaps(on)('GET', `${path}/ps`)).at('0.listen_sockets')).toEqual([
    { proto: 'tcp', address: '0.0.0.0:80' },
    { proto: 'tcp', address: '0.0.0.0:443' },
  ]);
});
