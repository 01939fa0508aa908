import { Action, encodeToken, LOCATIONS, mint } from '@hangar/macaroon';
import { Secret } from '@hangar/security';
import { createSimulator, listen, readSeed } from '@hangar/simulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  auditLive,
  jsonReport,
  LIVE_RULES,
  reportOf,
  sarifReport,
  textReport,
  type AuditReport,
  type LiveWorld,
} from '../src/index.ts';
import { inFolder } from './world.ts';

const CANARY = 'q7Rv0pX2mLw9sKd4Canary';
const machine = (config: object) => ({ config: { image: 'registry.fly.io/x:deployment-01', ...config } });
const web = {
  internal_port: 8080,
  protocol: 'tcp',
  ports: [
    { port: 443, handlers: ['tls', 'http'] },
    { port: 80, handlers: ['http'], force_https: true },
  ],
};
/** An organization in which everything is wrong once, and one in which nothing is. */
const seed = readSeed(
  JSON.stringify({
    organizations: [
      { slug: 'careless', name: 'Careless' },
      { slug: 'careful', name: 'Careful' },
    ],
    apps: [
      {
        name: 'shop-prod',
        organization: 'careless',
        secrets: { OLD_TOKEN: 'x' },
        volumes: [
          { name: 'data', region: 'iad', encrypted: false },
          { name: 'more', region: 'iad', auto_backup_enabled: false },
        ],
        machines: [
          machine({
            env: { API_TOKEN: CANARY },
            services: [{ internal_port: 5432, protocol: 'tcp', ports: [{ port: 5432, handlers: [] }] }],
          }),
          machine({
            services: [{ internal_port: 8080, protocol: 'tcp', ports: [{ port: 80, handlers: ['http'] }] }],
          }),
        ],
      },
      {
        name: 'shop-staging',
        organization: 'careless',
        machines: [machine({ image: 'registry-1.docker.io/library/redis:latest' })],
      },
      {
        name: 'quiet',
        organization: 'careful',
        network: 'own',
        volumes: [{ name: 'data', region: 'iad' }],
        machines: [machine({ env: { LOG_LEVEL: 'info' }, services: [web] })],
      },
    ],
  }),
);

let close: () => Promise<void>;
let machines: string;
let api: string;
let simulator: ReturnType<typeof createSimulator>;
/** A token for each organization. */
const tokens = new Map<string, string>();

beforeAll(async () => {
  simulator = createSimulator({ seed, delays: { launch: 1, start: 1 } });
  await simulator.begun;
  const doors = await Promise.all(
    [simulator.doors.machines, simulator.doors.api].map(
      async ({ fetch }) => await listen(fetch, { port: 0 }),
    ),
  );
  [machines = '', api = ''] = doors.map(({ url }) => url);
  close = async () => {
    await Promise.all(doors.map(async (door) => await door.close()));
    await simulator.close();
  };
  for (const organization of ['careless', 'careful'])
    tokens.set(organization, String((await call('POST', `${api}/_fly/tokens`, { organization }))['token']));
  await call('POST', `${machines}/v1/apps/shop-prod/ip_assignments`, { type: 'v6' });
  await call('POST', `${machines}/v1/apps/shop-staging/ip_assignments`, { type: 'v6' });
  await call('POST', `${machines}/v1/apps/quiet/ip_assignments`, { type: 'v6' }, 'careful');
  await call('POST', `${machines}/v1/apps/shop-prod/certificates/acme`, { hostname: 'shop.host9.net' });
  for (const [name, expiry] of [
    ['deploy everything', '175200h'],
    ['next week', '100h'],
  ] as const)
    await call('POST', `${api}/graphql`, {
      query:
        'mutation ($input: CreateLimitedAccessTokenInput!) { createLimitedAccessToken(input: $input) { limitedAccessToken { id } } }',
      variables: {
        input: {
          name,
          organizationId: await idOf('careless'),
          profile: 'deploy_organization',
          profileParams: {},
          expiry,
        },
      },
    });
});
afterAll(async () => await close());

async function call(
  method: string,
  url: string,
  body: unknown,
  organization = 'careless',
): Promise<Record<string, never>> {
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: `FlyV1 ${tokens.get(organization) ?? ''}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok || text.includes('"errors"')) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return JSON.parse(text) as Record<string, never>;
}
async function idOf(slug: string): Promise<string> {
  const { data } = (await call('POST', `${api}/graphql`, {
    query: `{ organization(slug: "${slug}") { id } }`,
  })) as unknown as { data: { organization: { id: string } } };
  return data.organization.id;
}

async function audit(
  organization: string,
  more: { app?: string; token?: string; now?: Date; folder?: string } = {},
): Promise<AuditReport> {
  return await auditLive({
    organization,
    token: Secret.of(more.token ?? tokens.get(organization) ?? ''),
    machines,
    api,
    now: more.now ?? simulator.clock.now(),
    app: more.app,
    folder: more.folder ?? '/nowhere',
    pause: async () => {},
  });
}
const ids = ({ findings }: AuditReport) => [...new Set(findings.map(({ rule }) => rule))].toSorted();

describe('what runs at Fly.io', () => {
  test('the careless organization has one of everything', async () => {
    const report = await audit('careless');
    expect(report.problems).toEqual([]);
    expect(ids(report)).toEqual([
      'HA701',
      'HA702',
      'HA703',
      'HA704',
      'HA705',
      'HA707',
      'HA709',
      'HA710',
      'HA713',
      'HA715',
    ]);
    const of = (rule: string) =>
      report.findings
        .filter((one) => one.rule === rule)
        .map(({ logical, severity }) => [logical?.replace(/[0-9a-f]{14}$|vol_\w+$/, 'ID'), severity]);
    expect(of('HA701')).toEqual([['careless/shop-prod', 'high']]);
    expect(of('HA702')).toEqual([['careless/shop-staging', 'medium']]);
    expect(of('HA703')).toEqual([['careless/shop-prod/ID', 'critical']]);
    expect(
      of('HA705')
        .map(([, severity]) => severity)
        .toSorted(),
    ).toEqual(['high', 'low']);
    expect(of('HA710')).toHaveLength(2);
  });

  test('the careful one has nothing but what the token may do', async () => {
    const report = await audit('careful');
    expect([ids(report), report.problems]).toEqual([['HA715'], []]);
  });

  test('a year later secrets are old and volumes idle', async () => {
    const now = new Date(simulator.clock.now().getTime() + 366 * 86_400_000);
    expect(ids(await audit('careless', { now }))).toEqual(expect.arrayContaining(['HA711', 'HA710']));
  });

  test('only one app, where that is asked for; one that is not there is a problem', async () => {
    expect(ids(await audit('careless', { app: 'shop-staging' }))).not.toContain('HA703');
    expect((await audit('careless', { app: 'nobody' })).problems).toHaveLength(1);
  });

  test('a token that is refused leaves an audit that is incomplete, never a clean one', async () => {
    const { problems, findings } = await audit('careless', { token: 'FlyV1 fm2_none' });
    expect(problems.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/answered 40|refused/),
      expect.stringMatching(/answered 40/),
    ]);
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['HA715', 'info']]);
  });

  test('an address where nobody is: the same', async () => {
    const report = await auditLive({
      organization: 'x',
      token: Secret.of('t'),
      machines: 'http://127.0.0.1:1',
      api: 'http://127.0.0.1:1',
      now: new Date(),
      folder: '/nowhere',
      pause: async () => {},
    });
    expect(report.problems).toHaveLength(2);
  });

  test('reports name the file of the app, and repeat no value', async () => {
    const files = { 'deploy/fly.toml': 'app = "shop-prod"\n', 'fly.toml': 'app = [' };
    const report = await inFolderAsync(files, async (folder) => await audit('careless', { folder }));
    expect(report.findings.find(({ rule }) => rule === 'HA703')?.place.path).toBe('deploy/fly.toml');
    const output = [
      textReport(report, 'low'),
      jsonReport(report),
      sarifReport(report, LIVE_RULES, '0'),
    ].join();
    expect(output).not.toContain(CANARY);
    expect(output).toContain('hangar-audit-live/');
  });
});

async function inFolderAsync<T>(
  files: Record<string, string>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  // The folder is read before the first answer comes, so that it may go when the promise is made.
  return await inFolder(files, use);
}

const world = (more: Partial<LiveWorld>): LiveWorld => ({
  now: new Date('2026-11-28'),
  slug: 'acme',
  presented: { tag: 'token', writes: false, apps: undefined },
  organization: {
    slug: 'acme',
    limitedAccessTokens: { nodes: [] },
    members: { edges: [{ node: { email: 'a@host9.net' } }] },
    wireGuardPeers: { nodes: [] },
  },
  apps: [],
  problems: [],
  ...more,
});
const said = (more: Partial<LiveWorld>, rule: string) =>
  reportOf(world(more), LIVE_RULES, new Map())
    .findings.filter((one) => one.rule === rule)
    .map(({ severity }) => severity);

describe('what the simulated Fly.io has not', () => {
  const peers = (...names: string[]) => ({
    organization: {
      ...world({}).organization!,
      wireGuardPeers: { nodes: names.map((name) => ({ id: name, name, region: 'iad' })) },
    },
  });
  test('HA706: peers of programs, and many of one person', () => {
    expect(said(peers('interactive-agent-x-1'), 'HA706')).toEqual(['low']);
    expect(said(peers('ann-1', 'ann-2', 'ann-3', 'ann-4'), 'HA706')).toEqual(['medium']);
    expect(said(peers('ann-laptop', 'bob-laptop'), 'HA706')).toEqual([]);
  });

  test('HA705: a token of somebody who left', () => {
    const token = {
      id: '1',
      name: 'x',
      profile: 'deploy',
      createdAt: '2026-01-01',
      expiresAt: '2026-12-31',
      revokedAt: null,
      user: { email: 'gone@host9.net' },
    };
    const organization = { ...world({}).organization!, limitedAccessTokens: { nodes: [token] } };
    expect(said({ organization }, 'HA705')).toEqual(['high']);
    expect(
      said(
        {
          organization: {
            ...organization,
            limitedAccessTokens: { nodes: [{ ...token, revokedAt: '2026-02-01' }] },
          },
        },
        'HA705',
      ),
    ).toEqual([]);
  });

  test('HA708: two images in one group', () => {
    const one = (digest: string) => ({ id: digest, config: { image: 'a@b' }, image_ref: { digest } });
    const app = (...digests: string[]) => ({
      name: 'a',
      network: undefined,
      addresses: [],
      machines: digests.map(one),
      volumes: [],
      secrets: [],
      certificates: [],
    });
    expect([said({ apps: [app('x', 'y')] }, 'HA708'), said({ apps: [app('x', 'x')] }, 'HA708')]).toEqual([
      ['medium'],
      [],
    ]);
  });
});

test('HA714: an app that is on no list, where there is a list', () => {
  const app = {
    name: 'a',
    network: undefined,
    addresses: [],
    machines: [],
    volumes: [],
    secrets: [],
    certificates: [],
  };
  expect(said({ apps: [app], owned: new Set(['b']) }, 'HA714')).toEqual(['medium']);
  expect([said({ apps: [app], owned: new Set(['a']) }, 'HA714'), said({ apps: [app] }, 'HA714')]).toEqual([
    [],
    [],
  ]);
});

describe('HA715', () => {
  const made = (mask: number) =>
    encodeToken(
      mint({
        key: new Uint8Array(32),
        keyId: new Uint8Array(1),
        location: LOCATIONS.permission,
        caveats: [{ type: 'Organization', id: 4n, mask }],
      }),
    );
  test('tells a token that reads from one that writes', async () => {
    const of = async (token: string) =>
      (await audit('careful', { token })).findings.find(({ rule }) => rule === 'HA715')?.detail;
    expect(await of(made(Action.read))).toContain('may change nothing');
    expect(await of(made(Action.all))).toContain('may change things');
  });
});
