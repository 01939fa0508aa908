import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDashboard, type Dashboard, type DashboardOptions } from '../src/dashboard/dashboard.ts';

const ORIGIN = 'https://hangar.example';
const PAGE = `<!doctype html><meta property="csp-nonce" nonce="__HANGAR_NONCE__"><script nonce="__HANGAR_NONCE__" src="/assets/a-1.js"></script>`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hangar-pages-'));
  mkdirSync(join(folder, 'dist', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'outside');
  writeFileSync(join(folder, 'dist', 'index.html'), PAGE);
  writeFileSync(join(folder, 'dist', 'favicon.svg'), '<svg/>');
  writeFileSync(join(folder, 'dist', 'assets', 'a-1.js'), 'a'.repeat(4096));
  writeFileSync(join(folder, 'dist', 'assets', 'a-1.js.map'), '{}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Pages need nobody signed in and nothing stored: every question would be a mistake. */
const nothing = new Proxy(
  {},
  { get: (_, name) => () => Promise.reject(new Error(`asked for ${String(name)}`)) },
);

function open(changes: Partial<DashboardOptions> = {}): Dashboard {
  return createDashboard({
    reads: nothing as DashboardOptions['reads'],
    tokens: nothing as DashboardOptions['tokens'],
    actions: nothing as DashboardOptions['actions'],
    logins: nothing as DashboardOptions['logins'],
    usage: async () => [],
    assetsDir: join(folder, 'dist'),
    publicUrl: ORIGIN,
    product: { name: 'Logjam', command: 'fly ext logjam dashboard' },
    ...changes,
  });
}

async function get(path: string, headers: Record<string, string> = {}, method = 'GET', dashboard = open()) {
  const response = await dashboard.fetch(new Request(`${ORIGIN}${path}`, { method, headers }), {
    rawTarget: path,
    requestId: 'req_page',
  });
  return {
    status: response.status,
    headers: response.headers,
    bytes: new Uint8Array(await response.arrayBuffer()),
  };
}
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('the page', () => {
  it.each(['/', '/tokens', '/extensions/0b7e1c9e-2f0c-4f5e-9d58-6f6f8a4f7d11', '/?from=somewhere'])(
    '%s is the page, never stored',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(answer.headers.get('cache-control')).toBe('no-store');
    },
  );

  it('carries a nonce of its own in every answer, the same in the policy and in the markup', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 5; round += 1) {
      const answer = await get('/');
      const nonce = /'nonce-([A-Za-z0-9_-]{24})'/.exec(
        answer.headers.get('content-security-policy') ?? '',
      )?.[1];
      expect(text(answer.bytes)).toBe(PAGE.replaceAll('__HANGAR_NONCE__', nonce ?? 'none'));
      seen.add(nonce ?? 'none');
    }
    expect(seen.size).toBe(5);
  });

  it('may run and load nothing from elsewhere, and nobody may frame it', async () => {
    const policy = (await get('/')).headers.get('content-security-policy') ?? '';
    const rules = new Map(policy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1)]));
    expect(rules.get('default-src')).toEqual(["'none'"]);
    expect(rules.get('script-src')).toEqual(["'self'"]);
    expect(rules.get('frame-ancestors')).toEqual(["'none'"]);
    expect(rules.get('base-uri')).toEqual(["'none'"]);
    expect(rules.get('form-action')).toEqual(["'none'"]);
    expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
  });

  it('is told about at a mistyped address too, with the status that is true', async () => {
    const typed = await get('/extension/abc', { accept: 'text/html,application/xhtml+xml' });
    expect([typed.status, typed.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    expect(typed.headers.get('content-security-policy')).toContain("script-src 'self'");
  });
});

describe('headers of every answer', () => {
  it.each(['/', '/favicon.svg', '/assets/a-1.js', '/api/nothing', '/nothing', '/api/extensions'])(
    '%s is guarded',
    async (path) => {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; /);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=31536000/);
      expect(headers.get('x-request-id')).toBe('req_page');
      expect(headers.get('cache-control')).not.toBeNull();
    },
  );

  it('does not make a browser insist on https where there is none', async () => {
    const answer = await get('/', {}, 'GET', open({ publicUrl: 'http://127.0.0.1:4600' }));
    expect(answer.headers.has('strict-transport-security')).toBe(false);
  });
});

describe('files', () => {
  it('with a digest in their name are kept for ever, others for an hour', async () => {
    expect((await get('/assets/a-1.js')).headers.get('cache-control')).toBe(
      'public, max-age=31536000, immutable',
    );
    expect((await get('/favicon.svg')).headers.get('cache-control')).toBe('public, max-age=3600');
  });

  it('travel compressed to those who can read that', async () => {
    const answer = await get('/assets/a-1.js', { 'accept-encoding': 'br, gzip' });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(text(gunzipSync(answer.bytes))).toBe('a'.repeat(4096));
    expect((await get('/assets/a-1.js')).headers.has('content-encoding')).toBe(false);
  });

  it.each([
    '/assets/a-1.js.map',
    '/assets/',
    '/assets/missing.js',
    '/assets/..%2f..%2fsecret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/secret.txt',
    '/index.html',
    '/.git/config',
    '/.env',
    '/metrics',
    '/debug',
    '/extensions/',
    '/extensions/a/b',
    '/extensions/sso',
    '/api',
    '/api/',
    '/api/unknown',
  ])('%s is not there', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(text(answer.bytes)).not.toContain('outside');
  });

  it('answers HEAD without a body', async () => {
    const answer = await get('/assets/a-1.js', {}, 'HEAD');
    expect([answer.status, answer.bytes.byteLength]).toEqual([200, 0]);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('answers %s on a page with 405', async (method) => {
    const answer = await get('/', {}, method);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('says so when the page was not built', async () => {
    const answer = await get('/', {}, 'GET', open({ assetsDir: join(folder, 'nowhere') }));
    expect(answer.status).toBe(503);
    expect(JSON.parse(text(answer.bytes))).toMatchObject({
      code: 'not_ready',
      error: expect.stringContaining('npm run build'),
    });
  });

  it('hides an unexpected failure behind the request id', async () => {
    const errors: string[] = [];
    const response = await open().fetch(new Request(`${ORIGIN}/api/extensions`), {
      rawTarget: '/api/extensions',
      requestId: 'req_fail',
      onError: (error) => errors.push(error.message),
    });
    expect(await response.json()).toMatchObject({ code: 'internal', request_id: 'req_fail' });
    expect(errors).toEqual([expect.stringContaining('asked for identify')]);
  });
});
