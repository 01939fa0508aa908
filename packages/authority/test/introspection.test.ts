import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { authenticateResponse, authorizeResponse, currentTokens, MACHINES_OPERATIONS } from '@hangar/flyio';
import { attenuate, decodeToken, encodeToken, type Caveat } from '@hangar/macaroon';
import { INTROSPECTION_ROUTES } from '../src/index.ts';
import { APP, call, forged, openWorld, OTHER_APP, OTHER_WORKSPACE, WORKSPACE, type World } from './world.ts';

const apps = new Map([
  ['hf-u8123', { workspace: WORKSPACE, number: APP }],
  ['lf-u1', { workspace: OTHER_WORKSPACE, number: OTHER_APP }],
]);
const slugs = new Map([
  ['ws-high-flyers', WORKSPACE],
  ['ws-low-flyers', OTHER_WORKSPACE],
]);

/** How many names were asked for at once. */
let asked: number[] = [];

let world: World;
let root: string;
beforeAll(async () => {
  world = await openWorld({
    directory: {
      workspaceNumber: async (slug) => slugs.get(slug),
      workspaceSlug: async (workspace) => [...slugs].find(([, number]) => number === workspace)?.[0],
      appNumber: async (workspace, name) =>
        apps.get(name)?.workspace === workspace ? apps.get(name)?.number : undefined,
      appNames: async (workspace, numbers) => {
        asked.push(numbers.length);
        const named = [...apps].filter(
          ([, app]) => app.workspace === workspace && numbers.includes(app.number),
        );
        return new Map(named.map(([name, { number }]) => [number, name]));
      },
      appOfMachine: async (workspace, machine) =>
        workspace === WORKSPACE && machine === '148e21' ? APP : undefined,
      appOfVolume: async (workspace, volume) =>
        workspace === WORKSPACE && volume === 'vol_1' ? APP : undefined,
    },
  });
});
beforeEach(async () => {
  await world.reset();
  asked = [];
  root = (await world.authority.tokens.mint({ workspace: WORKSPACE, preset: 'org', name: 'r', creator: 'r' }))
    .token;
});
afterAll(() => world.close());

function narrowed(...caveats: Caveat[]): string {
  const decoded = decodeToken(root);
  if (!decoded.ok) throw new Error('unreadable');
  return encodeToken(attenuate(decoded.value, caveats));
}

const post = (path: string, body: unknown) => call(world.authority, 'POST', `/v1/tokens${path}`, { body });
const app = (mask: number): Caveat => ({ type: 'Apps', apps: new Map([[APP, mask]]) });

describe('POST /v1/tokens/authenticate', () => {
  it('lists the tokens of a header that are genuine, without asking who asks', async () => {
    const { status, text, body } = await post('/authenticate', { header: `FlyV1 ${root},${forged(root)}` });
    expect(status).toBe(200);
    const list = authenticateResponse.parse(body as unknown);
    expect(list).toHaveLength(1);
    expect(`fm2_${list[0]?.permission_token}`).toBe(root);
    expect(list[0]?.header).toBe(`FlyV1 ${root}`);
    expect(list[0]?.nonce.proof).toBe(false);
    expect(text).toContain('"type":"Organization"');
  });

  it('says why when none is', async () => {
    const answer = await post('/authenticate', { header: forged(root) });
    expect([answer.status, answer.body['code'], typeof answer.body['error']]).toEqual([
      401,
      'token_bad_signature',
      'string',
    ]);
    expect((await post('/authenticate', { header: '' })).body).toMatchObject({ code: 'token_missing' });
    expect((await post('/authenticate', {})).status).toBe(400);
    expect((await call(world.authority, 'GET', '/v1/tokens/authenticate')).status).toBe(405);
  });
});

describe('POST /v1/tokens/authorize', () => {
  const authorize = (header: string, access: Record<string, unknown>) =>
    post('/authorize', { header, access });

  it('looks up names and fills in parents', async () => {
    const cases: [Record<string, unknown>, Record<string, unknown>][] = [
      [
        { action: 'rC', app_name: 'hf-u8123' },
        { orgid: Number(WORKSPACE), appid: Number(APP) },
      ],
      [
        { action: 'C', machine_id: '148e21' },
        { appid: Number(APP), machine: '148e21' },
      ],
      [
        { action: 'r', volume_id: 'vol_1' },
        { appid: Number(APP), volume: 'vol_1' },
      ],
      [
        { action: 'r', org_slug: 'ws-high-flyers', org_feature: 'wg' },
        { orgid: Number(WORKSPACE), feature: 'wg' },
      ],
      [{ action: 'C', machine_id: '148e21', command: ['ls'] }, { command: ['ls'] }],
    ];
    for (const [asked, answered] of cases) {
      const { status, body } = await authorize(root, asked);
      expect([JSON.stringify(asked), status]).toEqual([JSON.stringify(asked), 200]);
      expect(authorizeResponse.parse(body as unknown).access).toMatchObject(answered);
    }
  });

  it('answers 403 with the caveat for what is not allowed', async () => {
    const { status, body } = await authorize(narrowed(app(17)), { action: 'd', app_name: 'hf-u8123' });
    expect([status, body['code']]).toEqual([403, 'caveat_denied']);
    expect(body['caveat']).toContain(`app ${APP}`);
  });

  it('never lets a name of another workspace clear', async () => {
    const foreign = [
      { action: 'r', app_name: 'lf-u1' },
      { action: 'r', org_slug: 'ws-low-flyers' },
      { action: 'r', app_name: 'nowhere' },
      { action: 'r', machine_id: 'unknown' },
      { action: 'r', app_name: 'hf-u8123', machine_id: 'unknown' },
      { action: 'r', app_name: 'hf-u8123', org_feature: 'wg' },
      { action: '', org_slug: 'ws-low-flyers' },
    ];
    for (const access of foreign) {
      const { status } = await authorize(root, access);
      expect([JSON.stringify(access), status]).toEqual([JSON.stringify(access), 403]);
    }
  });

  it('takes the token of the right workspace from a header with several', async () => {
    const other = (
      await world.authority.tokens.mint({
        workspace: OTHER_WORKSPACE,
        preset: 'org',
        name: 'o',
        creator: 'o',
      })
    ).token;
    const { status, body } = await authorize(`${root},${other}`, { action: 'r', app_name: 'lf-u1' });
    expect(status).toBe(200);
    expect(`fm2_${authorizeResponse.parse(body as unknown).verified_token.permission_token}`).toBe(other);
  });
});

describe('GET /v1/tokens/current', () => {
  const current = async (token: string) => {
    const { status, body } = await call(world.authority, 'GET', '/v1/tokens/current', { token });
    expect(status).toBe(200);
    return currentTokens.parse(body as unknown).tokens;
  };

  it('says what the caller holds', async () => {
    const [token] = await current(root);
    expect(token).toMatchObject({
      organization: 'ws-high-flyers',
      org_slug: 'ws-high-flyers',
      apps: null,
      user: null,
    });
  });

  it('names the apps and the one machine it is limited to', async () => {
    const [token] = await current(
      narrowed(
        app(17),
        { type: 'Machines', machines: new Map([['148e21', 17]]) },
        { type: 'FromMachineSource', machine: 'm1' },
      ),
    );
    expect(token).toMatchObject({
      apps: ['hf-u8123'],
      restricted_to_machine: '148e21',
      source_machine_id: 'm1',
    });
  });

  it('looks up many apps at once and not without end, whatever the tokens list', async () => {
    const numbers = Array.from({ length: 1500 }, (_, n) => BigInt(n + 1));
    const many: Caveat = { type: 'Apps', apps: new Map([APP, ...numbers].map((number) => [number, 1])) };
    const [named, numbered] = await current(`${narrowed(app(1))},${narrowed(many)}`);
    expect(asked).toEqual([1000]);
    expect(named?.apps).toEqual(['hf-u8123']);
    expect(numbered?.apps).toHaveLength(1501);
    expect(numbered?.apps).toEqual(expect.arrayContaining(['hf-u8123', '1', '1500']));
  });

  it('makes a token wait that asks without end, and no other', async () => {
    const ask = async (token: string) =>
      (await call(world.authority, 'GET', '/v1/tokens/current', { token })).status;
    for (let n = 0; n < 100; n += 1) expect(await ask(root)).toBe(200);
    expect(await ask(root)).toBe(429);
    const wish = { workspace: WORKSPACE, preset: 'org', name: 'other', creator: 'r' } as const;
    expect(await ask((await world.authority.tokens.mint(wish)).token)).toBe(200);
  });

  it('needs a token', async () => {
    expect((await call(world.authority, 'GET', '/v1/tokens/current')).status).toBe(401);
    expect((await call(world.authority, 'GET', '/v1/tokens/nothing', { token: root })).status).toBe(404);
  });
});

describe('the other routes of the Machines API about tokens', () => {
  it.each(INTROSPECTION_ROUTES.filter(({ refused }) => refused !== undefined))(
    'are refused in words, whoever asks: $method $path',
    async ({ method, path, refused }) => {
      for (const asking of [{}, { token: root }]) {
        const { status, body } = await call(world.authority, method, path, asking);
        expect([status, (body as { error: string }).error]).toEqual([403, refused]);
      }
      expect((await call(world.authority, 'GET', path)).status).toBe(405);
    },
  );

  it('are those that Fly.io lists', () => {
    const listed = MACHINES_OPERATIONS.filter(({ path }) => path.startsWith('/v1/tokens/'));
    const ours = INTROSPECTION_ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(ours.toSorted()).toEqual(listed.map(({ method, path }) => `${method} ${path}`).toSorted());
  });
});
