import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RequestContext, silentLog } from '@hangar/http';
import { Secret } from '@hangar/security';
import { openTestDatabase, type TestDatabase } from '../../../test/harness/database.ts';
import { createMainDoor } from '../src/http/main-door.ts';
import { createMetrics } from '../src/http/metrics.ts';
import { createReadiness } from '../src/http/readiness.ts';
import { type Fetcher, type Listening, serve } from '../src/http/server.ts';

let database: TestDatabase;
let door: Listening;
/** Whoever is behind the door says its name and the target that it saw. */
const named = (name: string): Fetcher => ({
  fetch: async (_: Request, { rawTarget }: RequestContext) => new Response(`${name} ${rawTarget}`),
});
let alive = true;
/** What a write waits for. */
let stuck: Promise<void> = Promise.resolve();
let writes = 0;
let clockMs = 0;

beforeAll(async () => {
  database = await openTestDatabase();
  const metrics = createMetrics(Secret.of('metrics-token-0123456789'));
  const main = createMainDoor({
    provider: named('provider'),
    discharge: named('discharge'),
    dashboard: named('dashboard'),
    metrics,
    engine: database.engine,
    readiness: createReadiness({
      monotonicMs: () => (clockMs += 1_000),
      needs: {
        'the database cannot be written': async () => {
          if (!alive) throw new Error('connection to 10.0.0.7 refused');
          writes += 1;
          await stuck;
          await database.tryWrite();
        },
      },
    }),
    now: () => new Date('2026-09-21T14:13:20Z'),
  });
  door = await serve(main, { name: 'main', host: '127.0.0.1', port: 0, log: silentLog, metrics });
});
afterAll(async () => {
  await door.close(100);
  await database.close();
});

/** Sends the target as it is written; `fetch` would tidy it up first. */
async function ask(method: string, target: string, headers: Record<string, string> = {}) {
  return await new Promise<{ status: number; text: string; allow: string | undefined }>((resolve, reject) => {
    const sent = httpRequest(
      { host: '127.0.0.1', port: door.port, method, path: target, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text, allow: response.headers.allow }),
        );
      },
    );
    sent.once('error', reject);
    sent.end();
  });
}

describe('the main port', () => {
  test.each([
    ['/flyio/extensions', 'provider'],
    ['/flyio', 'provider'],
    ['/flyio?url=/discharge', 'provider'],
    ['/discharge/abc', 'discharge'],
    ['/', 'dashboard'],
    ['/extensions/7', 'dashboard'],
    // What only looks like another part's path is the dashboard's to refuse, and reaches nobody else.
    ['/flyiox', 'dashboard'],
    ['/FLYIO/extensions', 'dashboard'],
    ['//flyio/extensions', 'dashboard'],
    ['/%66lyio/extensions', 'dashboard'],
    ['/x/../flyio/extensions', 'dashboard'],
    ['/healthzz', 'dashboard'],
    ['/metrics;x', 'dashboard'],
  ])('gives %s to the %s, as it came', async (target, who) => {
    for (const method of ['GET', 'POST', 'DELETE'])
      expect(await ask(method, target)).toMatchObject({ status: 200, text: `${who} ${target}` });
  });

  test.each(['/healthz', '/readyz', '/metrics', '/docs', '/docs/errors'])(
    'knows nothing but reading at %s',
    async (target) => {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const answer = await ask(method, target, { authorization: 'Bearer metrics-token-0123456789' });
        expect([method, answer]).toMatchObject([method, { status: 405, allow: 'GET, HEAD' }]);
        expect(JSON.parse(answer.text)).toMatchObject({ code: 'method_not_allowed' });
      }
      const headers = { authorization: 'Bearer metrics-token-0123456789' };
      expect((await ask('GET', target, headers)).status).toBe(200);
      expect(await ask('HEAD', target, headers)).toMatchObject({ status: 200, text: '' });
    },
  );

  test.each([
    '/healthz/',
    '/healthz/x',
    '/readyz/..',
    '/metrics/',
    '/docs/../package',
    '/docs/..%2fpackage',
    '/docs/%2e%2e/README',
    '/docs/errors.md',
    '/docs//errors',
    '/docs/errors/',
    '/docs/<img src=x>'.replaceAll(' ', '%20'),
  ])('has nothing at %s', async (target) => {
    const answer = await ask('GET', target);
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'not_found' });
    expect(answer.text).not.toContain('<img');
  });

  test('says that it is not ready when the database does not answer, and not why', async () => {
    expect(JSON.parse((await ask('GET', '/readyz')).text)).toEqual({
      status: 'ready',
      database: database.engine,
      now: '2026-09-21T14:13:20.000Z',
    });
    alive = false;
    const answer = await ask('GET', '/readyz');
    const health = await ask('GET', '/healthz');
    alive = true;
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'not_ready' });
    expect(answer.text).not.toContain('10.0.0.7');
    expect(health.status).toBe(200);
  });

  test('begins no other write while one hangs, and recovers with it', async () => {
    let free = (): void => {};
    stuck = new Promise((resolve) => (free = resolve));
    writes = 0;
    const answers = await Promise.all([1, 2, 3].map(async () => await ask('GET', '/readyz')));
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(writes).toBe(1);
    free();
    await expect.poll(async () => (await ask('GET', '/readyz')).status).toBe(200);
  });
});
