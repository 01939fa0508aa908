import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redactText, redactValue, Secret } from '@hangar/security';

const tail = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V';

describe('redacting a text', () => {
  test.each([
    ['a macaroon', `got fm2_lJPECAAAAAAAAAAB${tail}== back`],
    ['an old macaroon', `fm1r_${tail}`],
    ['an old discharge', `fm1a_${tail}`],
    ['a bundle', `FlyV1 fm2_${tail},fm2_${tail}`],
    ['a macaroon in base64url', `fm2_${tail}-_`],
    ['an OAuth token', `fo1_${tail}`],
    ['a Tigris secret', `tsec_${tail}`],
    ['a bearer header', `Authorization: Bearer ${tail}`],
    ['a basic header', `authorization: basic ${tail}`],
    ['a signature in a header dump', `X-Signature: ${'ab'.repeat(32)}${tail}`],
    ['a password in a URL', `postgres://app:${tail}@db.internal/x`],
    ['a password of a redis URL without user', `redis://:${tail}@host:6379`],
    ['a code in a callback', `/flyio/callback?code=${tail}&state=x`],
    ['a presigned URL', `https://h/b/k?X-Amz-Signature=${tail}`],
    ['a JWT', `eyJhbGciOiJ.${tail}.${tail}`],
    ['a webhook secret', `whsec_${tail}`],
    ['a private key', `-----BEGIN PRIVATE KEY-----\n${tail}\n-----END PRIVATE KEY-----`],
    ['a private key that was cut', `-----BEGIN RSA PRIVATE KEY-----\n${tail}`],
    ['a token behind text without a blank', `token=fm2_${tail}`],
  ])('%s goes', (_name, text) => {
    expect(redactText(text)).not.toContain(tail);
    expect(redactText(text)).toContain('redacted');
  });

  test.each([
    'a machine 5683977ad31768 of env-notebook-7 started in mad',
    'GET /v1/apps/logjam-1bd03ba/machines?state=started 200 in 12 ms',
    'request 432cb1c9-4d06-4a91-95dc-bc7aa27b896d',
    'https://logjam.example:4600/flyio/extensions',
    'user v9WvKokd@customer.fly.io',
    'key tid_abcdefgh of bucket notebook-7f3a',
  ])('%s stays', (text) => {
    expect(redactText(text)).toBe(text);
  });

  test('any shape goes from the middle of any text', () => {
    const shape = fc.constantFrom('fm2_', 'fm1r_', 'fo1_', 'tsec_');
    fc.assert(
      fc.property(
        fc.string(),
        shape,
        fc.stringMatching(/^[A-Za-z0-9]{24}$/),
        fc.string(),
        (before, prefix, secret, after) => {
          const clean = redactText(`${before} ${prefix}${secret} ${after}`);
          fc.pre(!before.includes(secret) && !after.includes(secret));
          expect(clean).not.toContain(secret);
        },
      ),
    );
  });

  test('cleaning twice is cleaning once', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const once = redactText(`${text} Bearer ${tail} postgres://u:p@h`);
        expect(redactText(once)).toBe(once);
      }),
    );
  });

  test('a text that is cut keeps no secret at the cut', () => {
    for (const start of [0, 1, 40, 200]) {
      const text = `${'x '.repeat(start)}postgres://app:${tail.repeat(9)}@db.internal/x Bearer ${tail.repeat(9)}`;
      for (let length = 0; length < 300; length += 1) {
        const shown = redactText(text, length);
        expect(shown.length).toBeLessThanOrEqual(Math.max(length, '…[cut]'.length));
        expect(shown).not.toContain(tail.slice(0, 8));
        expect(redactText(shown, length)).toBe(shown);
      }
    }
  });
});

describe('redacting a failed statement', () => {
  test('its values go, its text and its stack stay', () => {
    const error = new Error(
      'Failed query: insert into "t" values ($1, $2)\nparams: someone@example.com,canary\nof two lines',
    );
    const shown = JSON.stringify(redactValue({ error, reason: `Error: ${error.message}` }));
    expect(shown).toContain('insert into');
    expect(shown).not.toContain('canary');
    expect(shown).not.toContain('someone@example.com');
    expect(shown).toContain('redact.test.ts');
  });
});

describe('redacting a value', () => {
  const canary = 'canary-5f0c1d2e3b4a';

  test.each([
    ['a Secret', { anything: Secret.of(canary) }],
    ['a field called token', { access_token: canary }],
    ['in camel case', { accessToken: canary, secretAccessKey: canary, clientSecret: canary }],
    ['in capitals', { AUTHORIZATION: canary, FLY_TIGRIS_SECRET_ACCESS_KEY: canary, DATABASE_URL: canary }],
    [
      'a header in an object',
      { headers: { Authorization: canary, 'Set-Cookie': canary, 'X-Signature': canary } },
    ],
    ['Headers', new Headers({ authorization: canary })],
    ['a Map', new Map([['password', canary]])],
    ['a Map in a Set in an array', [new Set([new Map([['cookie', canary]])])]],
    ['flat header pairs', { rawHeaders: ['Host', 'x', 'Authorization', canary] }],
    ['an object under a hidden name', { credentials: { a: { b: canary } } }],
    ['config of a resource', { config: { LOGJAM_URL: `https://u:${canary}@h` } }],
    ['a URL', { url: new URL(`https://u:${canary}@h.example/`) }],
    ['an error message', new Error(`failed with Bearer ${canary}`)],
    ['a cause', new Error('a', { cause: new Error('b', { cause: { password: canary } }) })],
    ['an AggregateError', new AggregateError([new Error(`fo1_${canary}`)])],
    ['a member of an error', Object.assign(new Error('x'), { token: canary })],
    ['bytes', { body: new TextEncoder().encode(canary), other: Buffer.from(canary) }],
    ['a key that is itself a token', { [`fm2_${canary}`]: 1 }],
    ['a code in OAuth', { code: canary }],
    ['a request', new Request(`https://h.example/cb?code=${canary}`, { headers: { authorization: canary } })],
    ['a function', { f: () => canary }],
  ])('%s goes', (_name, value) => {
    expect(JSON.stringify(redactValue(value))).not.toContain(canary);
  });

  test('what a log needs stays', () => {
    const line = {
      requestId: 'r1',
      status: 401,
      code: 'token_expired',
      sqlState: '23505',
      tokens: 3,
      ok: true,
      missing: null,
      none: undefined,
      at: new Date(0),
      big: 70001n,
      list: ['a', 'b'],
    };
    expect(redactValue(line)).toEqual({ ...line, at: '1970-01-01T00:00:00.000Z', big: '70001' });
    expect(redactValue({ body: new Uint8Array(5) })).toEqual({ body: '[5 bytes]' });
    const error = redactValue(Object.assign(new Error('no row'), { code: '23505' }));
    expect(error).toMatchObject({ name: 'Error', message: 'no row', code: '23505' });
  });

  test('cycles, depth, getters that throw and hostile proxies are survived', () => {
    const loop: Record<string, unknown> = { a: 1 };
    loop['self'] = loop;
    expect(redactValue(loop)).toEqual({ a: 1, self: '[circular]' });
    let deep: unknown = 'end';
    for (let i = 0; i < 10_000; i += 1) deep = { deep };
    expect(JSON.stringify(redactValue(deep))).toContain('[deeper]');
    const trap = {
      get bad(): string {
        throw new Error(canary);
      },
      good: 1,
    };
    expect(redactValue(trap)).toEqual({ bad: '[unreadable]', good: 1 });
    const hostile = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error(canary);
        },
      },
    );
    expect(redactValue({ hostile })).toEqual({ hostile: '[unreadable]' });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(redactValue(revoked.proxy)).toBe('[unreadable]');
    const shared = { x: 1 };
    expect(redactValue([shared, shared])).toEqual([{ x: 1 }, { x: 1 }]);
  });

  test('LOG-2: is total and pollutes nothing', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
          withSparseArray: true,
        }),
        (value) => {
          expect(() => redactValue(value)).not.toThrow();
        },
      ),
    );
    const parsed: unknown = JSON.parse('{"__proto__":{"polluted":1}}');
    const copy = redactValue(parsed);
    expect(Reflect.get(copy as object, 'polluted')).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
