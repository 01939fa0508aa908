import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRequest, routes } from '@hangar/gateway';
import { fillPattern } from '../src/request/route.ts';
import { formatTarget, parseTarget } from '../src/request/target.ts';

const machine = '5683977ad31768';

describe('a request target', () => {
  it.each([
    '/v1/apps/own/../other/machines',
    '/v1/apps/own/%2e%2e/other',
    '/v1/apps/own/..%2fother',
    '/v1/apps/own%2Fmachines%2F..%2F..%2Fother',
    '/v1/apps/own\\..\\other',
    '/v1/apps/own/%5c..%5cother',
    '//v1/apps',
    '/v1//apps',
    '/v1/apps//',
    '/v1/./apps',
    '/x/../v1/apps',
    '/v1/apps;x',
    '/v1/apps;a=b/own',
    '/v1/%61pps',
    '/v1/apps#x',
    '/v1/apps\u0000',
    '/v1/apps\tx',
    '/v1/ apps',
    '/v1/äpps',
    'http://evil.example/v1/apps',
    'v1/apps',
    '*',
    '',
    `/v1/apps?${'a'.repeat(5000)}`,
    '/v1/apps?a=%zz',
    '/v1/apps?a=%00',
    '/v1/apps?a=%0d%0aX:y',
  ])('with two readings is 400 and never has a route: %j', (target) => {
    const planned = planRequest('GET', target);
    expect(planned.ok).toBe(false);
    expect(!planned.ok && planned.reason.status).toBe(400);
  });

  it.each([
    '/V1/apps',
    '/v2/apps',
    '/v1/tokens/kms',
    '/v1/tokens/oidc',
    '/v1/apps/own/secretkeys',
    '/v1/apps/Own',
    '/v1',
    '/v1/apps/own/machines/../..x',
  ])('that the table does not hold is not found or not read: %s', (target) => {
    const planned = planRequest('POST', target);
    expect(!planned.ok && [400, 404].includes(planned.reason.status)).toBe(true);
  });

  it('of every route leads to that route and back to itself', () => {
    const params = {
      app: 'own',
      machine,
      volume: 'vol_0123456789ab',
      org: 'ws-abc',
      secret: 'NAME',
      key: 'role',
      environment: 'own',
      ip: 'fdaa::1:0:a',
      hostname: '*.example.com',
      'secret-key': 'k1',
      release: '12',
      'release-id': 'own.12',
    };
    for (const route of routes) {
      const target = formatTarget({ segments: fillPattern(route.pattern, params), query: [] });
      const planned = planRequest(route.method, target);
      expect(planned.ok && planned.value.route.id, `${route.method} ${target}`).toBe(route.id);
      expect(planned.ok && planned.value.upstreamTarget()).toBe(target);
    }
  });

  it('that is sent is the one that was checked, whatever was typed (GATE-1)', () => {
    const piece = fc.constantFrom(
      'v1',
      'apps',
      'own',
      'other',
      'machines',
      machine,
      'start',
      'exec',
      'lease',
      'secrets',
      'NAME',
      '.',
      '..',
      '%2e%2e',
      '%2f',
      '%5c',
      '\\',
      ';a',
      '?',
      '#',
      '',
      '//',
      '%00',
      '\t',
      'V1',
      'http:',
      '@evil.example',
      '..%2f',
      '%252e',
      'orgs',
    );
    const typed = fc.oneof(
      fc.array(piece, { minLength: 1, maxLength: 8 }).map((parts) => `/${parts.join('/')}`),
      fc.string({ maxLength: 60 }).map((text) => `/v1/apps/${text}`),
      fc.string({ maxLength: 60 }),
    );
    const methods = fc.constantFrom(
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'HEAD',
      'OPTIONS',
      'TRACE',
      'get',
    );
    let forwarded = 0;
    fc.assert(
      fc.property(methods, typed, (method, target) => {
        const planned = planRequest(method, target);
        if (!planned.ok) return;
        forwarded += 1;
        const sent = planned.value.upstreamTarget();
        const url = new URL(sent, 'http://upstream');
        // No reader of URLs sees another path than the one that was typed and matched.
        expect(url.host).toBe('upstream');
        expect(url.pathname).toBe(target.split('?')[0]?.replaceAll(/%3a/gi, ':'));
        expect(url.pathname).toBe(
          `/${fillPattern(planned.value.route.pattern, planned.value.params).join('/')}`,
        );
        expect(planned.value.route.method).toBe(method === 'HEAD' ? 'GET' : method);
      }),
      { numRuns: 20_000 },
    );
    expect(forwarded).toBeGreaterThan(0);
  });

  it('is sent on with every query parameter, their values written anew', () => {
    const planned = planRequest(
      'GET',
      `/v1/apps/own/machines/${machine}/wait?state=started&state=stopped&timeout=5%26force%3D1`,
    );
    expect(planned.ok && planned.value.upstreamTarget()).toBe(
      `/v1/apps/own/machines/${machine}/wait?state=started&state=stopped&timeout=5%26force%3D1`,
    );
  });

  it('is read and written without loss', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[A-Za-z0-9_~-]{1,12}$/), { minLength: 1, maxLength: 6 }),
        (segments) => {
          const target = `/${segments.join('/')}`;
          const parsed = parseTarget(target);
          expect(parsed.ok && formatTarget(parsed.value)).toBe(target);
        },
      ),
    );
  });
});
