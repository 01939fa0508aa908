import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { posix } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMachinesClient } from '@hangar/flyio';
import { Secret } from '@hangar/security';
import { createPassthrough, planRequest, routes } from '@hangar/gateway';
import { planPassage } from '../src/passthrough/passage.ts';
import { openPassthrough, type PassthroughWorld } from './passthrough-world.ts';
import { openWorld, type World } from './world.ts';

const TARGETS = 100_000;
/** So many of them go the whole way, over sockets. */
const SENT = 2_000;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const;

/** An upstream that knows nothing and remembers what it was asked, to the byte. */
const asked: string[] = [];
const upstream = createServer((incoming, outgoing) => {
  asked.push(`${incoming.method} ${incoming.url}`);
  incoming.resume();
  outgoing.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"nothing here"}');
});
let url: string;
let world: World;
let other: PassthroughWorld;
beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  world = await openWorld();
  other = await openPassthrough();
});
afterAll(async () => {
  await world.close();
  await other.close();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

const PARAMETERS: Readonly<Record<string, string>> = {
  app: 'own',
  machine: '5683977ad31768',
  volume: 'vol_1234567890ab',
  org: 'operator',
  secret: 'A',
  key: 'k',
  ip: 'fdaa:0:1::2',
  environment: 'own',
};
const KNOWN = routes.map(({ pattern }) =>
  pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? 'x'),
);
const ELSEWHERE = [
  '/v1/platform/regions',
  '/v1/tokens/kms',
  '/v1/apps/own/certificates/*.example.com',
  '/graphql',
  '/v2/apps',
  '/',
];

/** What a target is bent with: everything that somebody reads as a slash, a dot, an end or nothing. */
const BITS = [
  '/',
  '//',
  '/.',
  '/..',
  '/./',
  '/../',
  '%2e',
  '%2E%2e',
  '%2f',
  '%2F',
  '%5c',
  '\\',
  '%252f',
  ';',
  ';a=b',
  '#',
  '#x',
  '?',
  '?a=b',
  '?/../x',
  '%00',
  '%09',
  '%20',
  '\t',
  ' ',
  '\u0000',
  '\u200b',
  'ä',
  '%c0%af',
  '%61',
  '%',
  '%zz',
  '*',
  '%2a',
  ':',
  '%3a',
  '~',
  '@',
  ',',
  '..',
  '.',
  '&',
  'A',
  'apps',
  'own',
  'other',
  'machines',
  'http://evil.example',
  '//evil.example',
  'orgs',
  'V1',
  'Apps',
  '=',
  '+',
  '|',
  '^',
  '`',
  '{',
  '"',
  '<',
];
const target = fc
  .tuple(
    fc.constantFrom(...KNOWN, ...ELSEWHERE),
    fc.array(fc.tuple(fc.nat(60), fc.constantFrom(...BITS), fc.boolean()), { maxLength: 3 }),
  )
  .map(([start, bends]) => {
    let bent = start;
    for (const [at, bit, replaces] of bends) {
      const place = at % (bent.length + 1);
      bent = bent.slice(0, place) + bit + bent.slice(place + (replaces ? bit.length : 0));
    }
    return bent;
  });

/** Paths as other readers have them. Where they differ, a target has more than one reading. */
function readings(raw: string): ReadonlySet<string> {
  const path = raw.split('?')[0] ?? '';
  // Neither has another meaning in a path, so both spellings are one reading.
  const plain = path.replaceAll(/%3a/gi, ':').replaceAll(/%2a/gi, '*');
  const decoded = [plain, decode(plain), decode(decode(plain))];
  const read = decoded.flatMap((each) => [
    each,
    each.replaceAll('\\', '/'),
    posix.normalize(each),
    each.replaceAll(/\/+/g, '/'),
    each.split(';')[0] ?? '',
    each.split('#')[0] ?? '',
    each.replaceAll(/[\t\r\n\u0000\u200b ]/g, ''),
    each.replace(/(?<=.)\/$/, ''),
    URL.canParse(each, 'http://a') ? new URL(each, 'http://a').host + new URL(each, 'http://a').pathname : '',
  ]);
  return new Set(read.map((each) => each.replace(/^a(?=\/)/, '')));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return `${text}?`;
  }
}

const rows = routes.map(({ method, pattern }) => ({
  method,
  form: new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[A-Za-z0-9._~:*-]+')}$`),
}));
const pathOf = (line: string): string => line.split(' ')[1]?.split('?')[0] ?? '';

/** What became of a target: what goes upstream for it, or the status of its refusal. */
interface Fate {
  readonly status: number | undefined;
  readonly forwarded: readonly string[];
}

/** Generates targets, and says how many have more than one reading, none of which may pass, and what passed. */
async function tally(
  runs: number,
  fateOf: (method: string, raw: string) => Fate | Promise<Fate>,
): Promise<{ ambiguous: number; passed: string[] }> {
  let ambiguous = 0;
  const passed: string[] = [];
  for (const [method, raw] of fc.sample(fc.tuple(fc.constantFrom(...METHODS), target), { numRuns: runs })) {
    const { status, forwarded } = await fateOf(method, raw);
    passed.push(...forwarded);
    if (readings(raw).size === 1) continue;
    ambiguous += 1;
    if (forwarded.length > 0 || ![400, 404, 405].includes(status ?? 0))
      throw new Error(`${method} ${JSON.stringify(raw)} is ${status}: ${forwarded.join()}`);
  }
  return { ambiguous, passed };
}

async function sentTo(answer: () => Promise<Response>): Promise<Fate> {
  const before = asked.length;
  const response = await answer();
  await response.arrayBuffer();
  return { status: response.status, forwarded: asked.slice(before) };
}

function expectInTable(passed: readonly string[]): void {
  const outside = passed.filter((line) => {
    const [method = ''] = line.split(' ');
    return !rows.some((row) => (row.method === method || method === 'HEAD') && row.form.test(pathOf(line)));
  });
  expect(outside).toEqual([]);
}

function expectBelowV1(passed: readonly string[]): void {
  const outside = passed.filter(
    (line) => !/^\/v1(?:\/[A-Za-z0-9._~:*-]+)+$/.test(pathOf(line)) || readings(pathOf(line)).size > 1,
  );
  expect(outside).toEqual([]);
}

const request = (method: string, authorization: string): Request =>
  new Request('http://gateway.test/', {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    body: method === 'GET' || method === 'HEAD' ? null : '{"app_name":"own","org_slug":"operator"}',
  });

describe(`GATE-1: ${TARGETS} generated targets`, { timeout: 600_000 }, () => {
  it('in passthrough: the ambiguous ones are refused, and what passes is below /v1', async () => {
    const { ambiguous, passed } = await tally(TARGETS, (method, raw) => {
      const planned = planPassage(method, raw);
      if (!planned.ok) return { status: planned.reason.status, forwarded: [] };
      return { status: undefined, forwarded: [`${method} ${planned.value.target}`] };
    });
    expect(ambiguous).toBeGreaterThan(TARGETS / 4);
    expect(passed.length).toBeGreaterThan(TARGETS / 20);
    expectBelowV1(passed);
  });

  it('with the token of Hangar: the ambiguous ones are refused, and none outside of the table is planned', async () => {
    const { ambiguous, passed } = await tally(TARGETS, (method, raw) => {
      const planned = planRequest(method, raw);
      // A parameter that the row does not know is refused as well, and is no second reading of the path.
      if (!planned.ok)
        return { status: planned.reason.status === 422 ? 400 : planned.reason.status, forwarded: [] };
      return { status: undefined, forwarded: [`${method} ${planned.value.upstreamTarget()}`] };
    });
    expect(ambiguous).toBeGreaterThan(TARGETS / 4);
    expect(passed.length).toBeGreaterThan(TARGETS / 20);
    expectInTable(passed);
  });

  it('of which some go the whole way in passthrough, and none reaches Tigris', async () => {
    const passthrough = createPassthrough({ ...other.options, machinesUrl: url, allowedOrgs: '*' });
    const seen = other.seen.length;
    const { passed } = await tally(SENT, (method, raw) =>
      sentTo(() =>
        passthrough.fetch(request(method, 'Bearer fo1_callers-own-token'), {
          rawTarget: raw,
          requestId: 'r',
        }),
      ),
    );
    expect(passed.length).toBeGreaterThan(SENT / 20);
    expectBelowV1(passed);
    expect(other.seen.length).toBe(seen);
    await passthrough.close();
  });

  it('of which some go the whole way with the token of Hangar, and none outside of the table is forwarded', async () => {
    const machines = createMachinesClient({
      baseUrl: url,
      token: () => Secret.of('fo1_operators-own-token'),
    });
    const gateway = world.another({ machines });
    await world.ask('POST', '/v1/apps', { token: world.token, body: { app_name: 'own' } });
    const { passed } = await tally(SENT, (method, raw) =>
      sentTo(() =>
        gateway.fetch(request(method, `FlyV1 ${world.token}`), { rawTarget: raw, requestId: 'r' }),
      ),
    );
    expect(passed.length).toBeGreaterThan(0);
    expectInTable(passed);
    await machines.close();
  });
});
