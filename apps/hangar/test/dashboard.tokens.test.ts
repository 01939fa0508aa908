import { Action, LOCATIONS } from '@hangar/macaroon';
import { narrowTokens } from '@hangar/authority';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Estate, furnish, NOW } from './dashboard-estate.ts';
import { type House, openHouse } from './dashboard-house.ts';
import { codeOf, fromOurPage, type Visitor, visitorsOf } from './dashboard-visitor.ts';

let house: House;
let call: ReturnType<typeof visitorsOf>['call'];
let person: ReturnType<typeof visitorsOf>['person'];
let estate: Estate;
let admin: Visitor;
beforeAll(async () => {
  house = await openHouse();
  ({ call, person } = visitorsOf(house));
});
afterAll(async () => await house.close());
beforeEach(async () => {
  estate = await furnish(house.store.db, 'delta', house.authority);
  admin = person(estate, 'admin');
  house.done.length = 0;
});

interface Listed {
  readonly items: readonly (Record<string, unknown> & { readonly id: string; readonly name: string })[];
  readonly next: string | null;
}

const tokensPath = () => `/api/extensions/${estate.extensionId}/tokens`;
const list = async (query = '', cookie = admin.cookie): Promise<Listed> =>
  JSON.parse((await call(`${tokensPath()}${query}`, { cookie })).text) as Listed;
const post = async (path: string, body: unknown, who = admin) =>
  await call(path, {
    method: 'POST',
    cookie: who.cookie,
    headers: fromOurPage(who.csrf),
    body: JSON.stringify(body),
  });
const mint = async (wish: Record<string, unknown>, who = admin) =>
  await post(`${tokensPath()}/mint`, wish, who);
const isAlive = async (token: string) => (await house.authority.verifier.verify(token)).ok;

describe('the list of tokens', () => {
  it('says in words what each can do, for which app, by whom, and who used it last', async () => {
    const verified = await house.authority.verifier.verify(`FlyV1 ${estate.token}`);
    if (!verified.ok) throw new Error(verified.reason.sentence);
    verified.value.clear({
      action: Action.read,
      orgId: estate.workspace,
      appId: estate.app,
      now: NOW,
      extension: { remoteAddress: '203.0.113.7' },
    });
    const { items, next } = await list();
    expect(next).toBeNull();
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      id: estate.tokenId,
      preset: 'app-control',
      state: 'active',
      abilities: [
        `May do read and control in organization ${estate.workspace}.`,
        expect.stringMatching(/^Valid from /),
        `May do read and control on app ${estate.app}, and nothing on any other.`,
      ],
      app: { number: String(estate.app), name: `app-${estate.mark}` },
      createdBy: estate.creator,
      lastUsedAt: '2026-09-24T12:00:00.000Z',
      lastUsedFrom: '203.0.113.7',
    });
    expect(JSON.stringify(items)).not.toContain(estate.token.slice(10, 40));
  });

  it('goes on page by page, without gaps or repetitions', async () => {
    for (let n = 0; n < 6; n += 1) await mint({ preset: 'readonly', name: `n${n}` });
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null && page < 10; page += 1) {
      const answer: Listed = await list(`?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...answer.items.map(({ id }) => id));
      cursor = answer.next;
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
  });

  it('can be asked for the living ones, those of one app, those of one person', async () => {
    await mint({ preset: 'readonly', name: 'grafana' });
    await post(`${tokensPath()}/${estate.tokenId}/revoke`, {});
    expect((await list()).items).toHaveLength(2);
    expect((await list('?state=active')).items.map(({ name }) => name)).toEqual(['grafana']);
    expect((await list(`?app=${estate.app}`)).items.map(({ id }) => id)).toEqual([estate.tokenId]);
    expect((await list(`?creator=${admin.login.userId}`)).items.map(({ name }) => name)).toEqual(['grafana']);
  });

  it.each(['?state=dead', '?app=all', '?limit=many', '?workspace=70001'])(
    'does not guess what %s means',
    async (query) => {
      const answer = await call(`${tokensPath()}${query}`, { cookie: admin.cookie });
      expect(codeOf(answer.text)).toBe('invalid');
    },
  );
});

describe('minting', () => {
  it('shows the token once, works at once, and is listed under the person who asked', async () => {
    const answer = await mint({
      preset: 'deploy',
      name: ' ci ',
      app: String(estate.app),
      lifetimeSeconds: 3600,
    });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const { token, item } = JSON.parse(answer.text) as { token: string; item: Listed['items'][number] };
    expect(item).toMatchObject({
      name: 'ci',
      preset: 'deploy',
      state: 'active',
      createdBy: admin.login.userId,
      expiresAt: '2026-09-24T13:00:00.000Z',
    });
    expect(await isAlive(token)).toBe(true);
    const after = await call(tokensPath(), { cookie: admin.cookie });
    expect(after.text).toContain(item.id);
    expect(after.text).not.toContain(token.slice(4, 60));
    expect(house.done).toEqual([{ action: 'mint', id: item.id, by: admin.login.userId }]);
  });

  it('names the workspaces of the login and no others, with their apps, and what can be made', async () => {
    const { workspaces, presets } = JSON.parse(
      (await call('/api/minting', { cookie: admin.cookie })).text,
    ) as {
      workspaces: unknown[];
      presets: { name: string; needsApp: boolean }[];
    };
    expect(workspaces).toEqual([
      {
        number: String(estate.workspace),
        extensionId: estate.extensionId,
        extensionName: expect.stringContaining(estate.mark),
        role: 'admin',
        apps: [{ number: String(estate.app), name: `app-${estate.mark}` }],
      },
    ]);
    expect(presets.find(({ name }) => name === 'app-control')).toMatchObject({ needsApp: true });
  });

  it.each([
    ['another creator', { creator: 'somebody-else' }, 'body'],
    ['another workspace', { workspace: '70001' }, 'body'],
    ['caveats of its own', { caveats: [] }, 'body'],
    ['no such preset', { preset: 'root' }, 'preset'],
    ['no name', { name: '  ' }, 'name'],
    ['a name with a line break', { name: 'a\nb' }, 'name'],
    ['an app that is no number', { app: 'my-app' }, 'app'],
    ['a lifetime of a hundred years', { lifetimeSeconds: 3_155_760_000 }, 'expires_in'],
    ['a lifetime of nothing', { lifetimeSeconds: 0 }, 'lifetimeSeconds'],
  ])('refuses %s, names the field, and makes nothing', async (_, change, field) => {
    const answer = await mint({ preset: 'deploy', name: 'ci', app: String(estate.app), ...change });
    const {
      code,
      fields,
      request_id: requestId,
    } = JSON.parse(answer.text) as {
      code: string;
      fields: Record<string, string>;
      request_id: string;
    };
    expect([code, Object.keys(fields), requestId]).toEqual(['invalid', [field], 'req_test']);
    expect(house.done).toEqual([]);
  });

  it('refuses an app of another workspace, even of the same person', async () => {
    const other = house.estates[0];
    const both = {
      userId: 'both',
      email: undefined,
      memberships: [estate, other].map(({ organizationId }) => ({ organizationId, role: 'admin' })),
    };
    const cookie = house.logins.signIn(both);
    const answer = await mint(
      { preset: 'deploy', name: 'ci', app: String(other.app) },
      { ...admin, cookie, csrf: house.logins.csrfToken(both) },
    );
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'invalid',
      fields: { app: 'no such app in this workspace' },
    });
    expect(house.done).toEqual([]);
  });
});

describe('revoking many at once', () => {
  it('ends every token of one creator here, and none elsewhere', async () => {
    const made = JSON.parse((await mint({ preset: 'org', name: 'mine' })).text) as { token: string };
    const elsewhere = await house.authority.tokens.mint({
      workspace: house.estates[0].workspace,
      preset: 'org',
      name: 'same person, another workspace',
      creator: admin.login.userId,
    });
    const answer = await post(`${tokensPath()}/revoke-all`, { creator: admin.login.userId });
    expect(JSON.parse(answer.text)).toEqual({ done: true, tokens: 1 });
    expect(await isAlive(made.token)).toBe(false);
    expect(await isAlive(estate.token)).toBe(true);
    expect(await isAlive(elsewhere.token)).toBe(true);
  });

  it('ends every token of one app, and the others live on', async () => {
    const made = JSON.parse((await mint({ preset: 'org', name: 'whole' })).text) as { token: string };
    const answer = await post(`${tokensPath()}/revoke-all`, { app: String(estate.app) });
    expect(JSON.parse(answer.text)).toEqual({ done: true, tokens: 1 });
    expect(await isAlive(estate.token)).toBe(false);
    expect(await isAlive(made.token)).toBe(true);
  });

  it.each([{}, { everything: true }, { key: 1 }, { creator: 'a', app: '1' }])(
    'refuses %j and ends nothing',
    async (wish) => {
      expect(codeOf((await post(`${tokensPath()}/revoke-all`, wish)).text)).toBe('invalid');
      expect(house.done).toEqual([]);
    },
  );
});

describe('reporting a text that leaked', () => {
  it('ends that very copy, whoever reports it; the token it came from lives on', async () => {
    const copy = narrowTokens(estate.token, [{ type: 'Action', mask: 1 }], LOCATIONS.permission);
    const text = copy.ok ? copy.value : '';
    const finder = person(house.estates[1], 'member');
    const answer = await post('/api/tokens/report', { token: text }, finder);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { id: estate.tokenId }]);
    expect(await isAlive(text)).toBe(false);
    expect(await isAlive(estate.token)).toBe(true);
  });

  it('that is the one that was minted shows its token as revoked, and not among the active', async () => {
    const finder = person(house.estates[1], 'member');
    await post('/api/tokens/report', { token: estate.token, reason: 'build log' }, finder);
    const [shown] = (await list()).items;
    expect(shown).toMatchObject({
      id: estate.tokenId,
      state: 'revoked',
      revokedBy: finder.login.userId,
      parts: [{ revokedAt: NOW.toISOString() }],
    });
    expect((await list('?state=active')).items).toEqual([]);
  });

  it('one text of a preset of two shows which part is revoked, of a token that works', async () => {
    const minted = await mint({ preset: 'ssh', name: 'shell', app: String(estate.app) });
    const { token } = JSON.parse(minted.text) as { token: string };
    await post('/api/tokens/report', { token: token.split(',')[1] });
    expect((await list('?state=active')).items.find(({ name }) => name === 'shell')).toMatchObject({
      parts: [{ revokedAt: null }, { revokedAt: NOW.toISOString() }],
    });
  });

  it('takes no reason or creator that a database would refuse', async () => {
    const control = await post('/api/tokens/report', { token: estate.token, reason: 'a\u0000b' });
    const creator = await post(`${tokensPath()}/revoke-all`, { creator: '\u0000' });
    expect([codeOf(control.text), codeOf(creator.text)]).toEqual(['invalid', 'invalid']);
    expect(await isAlive(estate.token)).toBe(true);
  });

  it('says what is wrong with a text, in the authority’s own words, and repeats none of it', async () => {
    const cut = await post('/api/tokens/report', { token: estate.token.slice(0, -9) });
    expect(JSON.parse(cut.text)).toMatchObject({ code: 'token_truncated', request_id: 'req_test' });
    expect(cut.text).not.toContain(estate.token.slice(4, 30));
    const foreign = await post('/api/tokens/report', { token: forgedCopy(estate.token) });
    expect([foreign.status, codeOf(foreign.text)]).toEqual([404, 'not_found']);
    expect(await isAlive(estate.token)).toBe(true);
  });
});

/** The same token with a wrong signature. */
function forgedCopy(token: string): string {
  const bytes = Buffer.from(token.slice('fm2_'.length), 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return `fm2_${bytes.toString('base64')}`;
}
