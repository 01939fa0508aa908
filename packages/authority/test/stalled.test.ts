import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeToken, missingTickets } from '@hangar/macaroon';
import type { Authority, Identity } from '@hangar/authority';
import { listenHere, stallRequest, type RawAnswer } from '../../../test/harness/stalled-request.ts';
import { APP, gabriella, openWorld, WORKSPACE, type World } from './world.ts';

const TOKENS = '/hangar/v1/tokens';

let world: World;
let authority: Authority;
let server: Awaited<ReturnType<typeof listenHere>>;
let signedIn: Identity | undefined;
beforeAll(async () => {
  world = await openWorld({
    identify: async () => signedIn,
    routeAccess: async ({ workspace }) => ({ action: 1, orgId: workspace, now: new Date(0) }),
  });
  server = await listenHere({
    fetch: async (request, door) =>
      new URL(request.url).pathname.startsWith('/discharge')
        ? await authority.discharge.fetch(request, door)
        : await authority.fetch(request, door),
  });
});
beforeEach(async () => {
  await world.reset();
  authority = world.authority;
  signedIn = gabriella;
});
afterAll(async () => {
  await server.close(0);
  await world.close();
});

const mint = async (name: string) =>
  await authority.tokens.mint({
    workspace: WORKSPACE,
    preset: 'org',
    name,
    creator: name,
    expiresInSeconds: 3600,
  });

interface Case {
  readonly title: string;
  readonly method: string;
  readonly path: (victim: string) => string;
  readonly body: (victim: { id: string; token: string; branch: string; key: number }) => unknown;
}

/** Every route of the authority with a body that is judged by the Authorization header. */
const routes: readonly Case[] = [
  { title: 'mint', method: 'POST', path: () => TOKENS, body: () => ({ name: 'new', preset: 'readonly' }) },
  { title: 'rename', method: 'PATCH', path: (id) => `${TOKENS}/${id}`, body: () => ({ name: 'renamed' }) },
  ...(
    [
      ['by id', ({ id }) => ({ id })],
      ['by creator', () => ({ creator: 'victim' })],
      ['by app', () => ({ app: Number(APP) })],
      ['by key', ({ key }) => ({ key })],
      ['by digest', ({ branch }) => ({ branch })],
      ['by text, whole', ({ token }) => ({ token, scope: 'token' })],
    ] as const satisfies readonly (readonly [string, Case['body']])[]
  ).map(([title, body]) => ({
    title: `revoke ${title}`,
    method: 'POST',
    path: () => `${TOKENS}/revoke`,
    body,
  })),
];

const endings: [string, string, (id: string) => Promise<void>][] = [
  [
    'revoked',
    'token_revoked',
    async (id) =>
      void (await authority.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 'x' })),
  ],
  ['over', 'token_expired', async () => world.clock.advance(3601)],
];

describe('a request that stalls in its body', () => {
  for (const [ending, code, end] of endings) {
    it.each(routes)(`is refused when its token is ${ending} before the rest comes: $title`, async (route) => {
      const asking = await mint('asking');
      const victim = await authority.tokens.mint({
        workspace: WORKSPACE,
        preset: 'readonly',
        name: 'victim',
        creator: 'victim',
        expiresInSeconds: 30 * 86_400,
      });
      const { row, id, token } = victim;
      const facts = { id, token, branch: row.parts[0]!.digest, key: Number(row.keyNumber) };
      const request = await stallRequest({
        port: server.port,
        method: route.method,
        target: route.path(id),
        headers: { authorization: `Bearer ${asking.token}` },
        body: route.body(facts),
      });
      await end(asking.id);
      expect(codeOf(await request.finish())).toEqual([401, code]);
      expect(await authority.tokens.get(WORKSPACE, id)).toEqual(row);
      expect((await authority.tokens.list({ workspace: WORKSPACE })).tokens).toHaveLength(2);
      expect((await authority.verifier.verify(token)).ok).toBe(true);
    });
  }

  it.each([
    ['check', `${TOKENS}/check`, (token: string) => ({ token, method: 'GET', path: '/v1/x' })],
    ['authenticate', '/v1/tokens/authenticate', (token: string) => ({ header: token })],
    ['authorize', '/v1/tokens/authorize', (token: string) => ({ header: token, access: { action: 'r' } })],
    ['inspect', `${TOKENS}/inspect`, (token: string) => ({ token })],
  ])('says of a token in the body what is true at its end: %s', async (_, target, body) => {
    const { id, token } = await mint('asked about');
    const request = await stallRequest({ port: server.port, method: 'POST', target, body: body(token) });
    await authority.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 'x' });
    expect((await request.finish()).text).toContain('token_revoked');
  });

  it('lets nobody allow a token who has signed out meanwhile', async () => {
    const { token } = await authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'person',
      creator: 'person',
      requireLogin: true,
    });
    const decoded = decodeToken(token);
    if (!decoded.ok) throw new Error('not a token');
    const [ticket] = missingTickets({ permission: [decoded.value], discharges: [] });
    const started = await fetch(`${server.url}/discharge/.well-known/macfly/3p`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ticket: Buffer.from(ticket!.ticket).toString('base64') }),
    });
    const { user_interactive: urls } = (await started.json()) as {
      user_interactive: { user_url: string; poll_url: string };
    };
    const here = (url: string) => url.replace('https://hangar.example', '');
    const page = await (await fetch(server.url + here(urls.user_url))).text();
    const [, confirm = ''] = /name="confirm" value="([^"]+)"/.exec(page) ?? [];
    const request = await stallRequest({
      port: server.port,
      method: 'POST',
      target: here(urls.user_url),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ confirm, decision: 'allow' }).toString(),
    });
    signedIn = undefined;
    expect((await request.finish()).status).toBe(303);
    expect((await fetch(server.url + here(urls.poll_url))).status).toBe(202);
  });
});

function codeOf({ status, json }: RawAnswer): [number, unknown] {
  return [status, json?.['code']];
}
