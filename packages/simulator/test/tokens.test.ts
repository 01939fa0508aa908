import {
  Action,
  addThirdParty,
  attenuate,
  createDischarge,
  decodeToken,
  encodeToken,
  missingTickets,
  parseBundle,
  LOCATIONS,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import { describe, expect, test } from 'vitest';
import { control, flaps, send, stage, type Answer, type Stage } from './world.ts';

async function withMachine(on: Stage) {
  const operator = flaps(on);
  const app = await operator('POST', '/apps', { app_name: 'hf-u8123', org_slug: 'operator' });
  await operator('POST', '/apps', { app_name: 'hf-u9000', org_slug: 'operator' });
  const id = (await operator('POST', '/apps/hf-u8123/machines', { config: { image: 'a' } })).text('id');
  const path = `/apps/hf-u8123/machines/${id}`;
  await operator('GET', `${path}/wait?timeout=10`);
  const number = BigInt(Number(app.at('internal_numeric_id')));
  return { operator, id, path, number };
}

const minted = async (on: Stage, order: object = {}): Promise<string> =>
  (await control(on)('POST', '/tokens', { organization: 'operator', ...order })).text('token');

function macaroon(token: string): Macaroon {
  const read = decodeToken(token.replace(/^FlyV1 /, ''));
  if (!read.ok) throw new Error(read.reason.tag);
  return read.value;
}

const narrowed = (token: string, ...caveats: Caveat[]): string =>
  encodeToken(attenuate(macaroon(token), caveats));

const introspect = (on: Stage, what: string, body: object): Promise<Answer> =>
  send('POST', `${on.machines}/v1/tokens/${what}`, { body });

describe("Fly.io's own tokens are macaroons", () => {
  test('a token of an organization works in it and nowhere else, until it expires', async () => {
    const on = await stage();
    const { path } = await withMachine(on);
    const mine = flaps(on, await minted(on));
    const theirs = flaps(on, await minted(on, { organization: 'low-flyers' }));
    expect((await mine('GET', path)).status).toBe(200);
    expect((await mine('GET', '/apps?org_slug=operator')).at('total_apps')).toBe(2);
    expect((await mine('POST', '/apps', { app_name: 'third', org_slug: 'operator' })).status).toBe(201);
    expect((await theirs('GET', path)).status).toBe(403);
    expect((await theirs('GET', '/apps?org_slug=operator')).status).toBe(403);
    on.simulator.clock.advance(3_601_000);
    expect((await mine('GET', path)).status).toBe(401);
  });

  test('a token that was narrowed offline does what is left, and every other action is a 403', async () => {
    const on = await stage();
    const { path, number } = await withMachine(on);
    const rC = Action.read | Action.control;
    const call = flaps(on, narrowed(await minted(on), { type: 'Apps', apps: new Map([[number, rC]]) }));
    expect((await call('GET', path)).status).toBe(200);
    expect((await call('POST', `${path}/lease?ttl=1`)).status).toBe(201);
    on.simulator.clock.advance(2_000);
    expect((await call('POST', `${path}/stop`, {})).status).toBe(200);
    const refused: [string, string, object?][] = [
      ['DELETE', `${path}?force=true`],
      ['POST', path, { config: { image: 'b' } }],
      ['POST', '/apps/hf-u8123/machines', { config: { image: 'b' } }],
      ['POST', `${path}/metadata/a`, { value: 'b' }],
      ['POST', '/apps/hf-u8123/secrets/A', { value: 'b' }],
      ['POST', '/apps/hf-u8123/volumes', { name: 'data' }],
      ['POST', '/apps/hf-u8123/deploy_token', {}],
      ['DELETE', '/apps/hf-u8123'],
      ['GET', '/apps/hf-u9000'],
      ['GET', '/apps?org_slug=operator'],
      ['POST', '/apps', { app_name: 'third', org_slug: 'operator' }],
    ];
    for (const [method, target, body] of refused) {
      const answer = await call(method, target, body);
      expect([method, target, answer.status, answer.at('error')]).toEqual([
        method,
        target,
        403,
        'unauthorized',
      ]);
    }
  });

  test.each<[string, string, string, object?]>([
    ['r', 'GET', ''],
    ['r', 'GET', '/machines'],
    ['r', 'GET', '/machines/ID/lease'],
    ['c', 'POST', '/machines', { config: { image: 'b' } }],
    ['c', 'POST', '/volumes', { name: 'data' }],
    ['w', 'POST', '/machines/ID', { config: { image: 'b' } }],
    ['w', 'POST', '/machines/ID/metadata/a', { value: 'b' }],
    ['w', 'DELETE', '/machines/ID/metadata/a'],
    ['w', 'POST', '/secrets', { values: { A: 'b' } }],
    ['w', 'DELETE', '/secrets/A'],
    ['w', 'POST', '/ip_assignments', { type: 'shared_v4' }],
    ['C', 'POST', '/machines/ID/stop', {}],
    ['C', 'POST', '/machines/ID/lease', { ttl: 1 }],
    ['C', 'DELETE', '/machines/ID/lease'],
    ['C', 'POST', '/machines/ID/exec', { command: ['true'] }],
    ['d', 'DELETE', '/machines/ID?force=true'],
    ['d', 'DELETE', ''],
  ])('%s is what %s …%s needs, and no other letter will do', async (letter, method, target, body) => {
    const on = await stage();
    const { id } = await withMachine(on);
    const ask = async (actions: string): Promise<number> => {
      const call = flaps(on, await minted(on, { actions }));
      return (await call(method, `/apps/hf-u8123${target.replace('ID', id)}`, body)).status;
    };
    expect(await ask('rwcdC'.replace(letter, ''))).toBe(403);
    expect([401, 403]).not.toContain(await ask(letter));
  });

  test('a token for one machine or one command stays there', async () => {
    const on = await stage();
    const { operator, id, path } = await withMachine(on);
    const other = (await operator('POST', '/apps/hf-u8123/machines', { config: { image: 'a' } })).text('id');
    const token = await minted(on);
    const one = flaps(on, narrowed(token, { type: 'Machines', machines: new Map([[id, Action.all]]) }));
    expect((await one('GET', path)).status).toBe(200);
    expect((await one('GET', `/apps/hf-u8123/machines/${other}`)).status).toBe(403);
    const commands = [{ args: ['echo'], exact: false }];
    const echo = flaps(
      on,
      narrowed(token, { type: 'IfPresent', ifs: [{ type: 'Commands', commands }], else: Action.read }),
    );
    expect((await echo('POST', `${path}/exec`, { command: ['echo', 'hi'] })).at('stdout')).toBe('hi\n');
    expect((await echo('POST', `${path}/exec`, { cmd: 'env' })).status).toBe(403);
    expect((await echo('POST', `${path}/stop`, {})).status).toBe(403);
  });

  test('a login caveat is a 401 that names what lacks, and its discharge opens the door', async () => {
    const on = await stage();
    const { path } = await withMachine(on);
    const sharedKey = new Uint8Array(32).fill(7);
    const location = 'https://login.example';
    const token = encodeToken(addThirdParty(macaroon(await minted(on)), { location, sharedKey }));
    const without = await flaps(on, token)('GET', path);
    expect(without.status).toBe(401);
    expect(without.text('error')).toMatch(
      /missing third-party discharge tokens; no verified tokens; token [0-9a-f-]{36}: missing/,
    );
    const bundle = parseBundle(token, LOCATIONS.permission);
    const ticket = bundle.ok ? missingTickets(bundle.value)[0]?.ticket : undefined;
    const discharge = encodeToken(
      createDischarge({ ticket: ticket ?? new Uint8Array(), sharedKey, location, caveats: [] }),
    );
    expect((await flaps(on, `${token},${discharge}`)('GET', path)).status).toBe(200);
  });

  test('a token that was tampered with, or comes from another world, is a 401', async () => {
    const on = await stage();
    const { path } = await withMachine(on);
    const elsewhere = await stage();
    const foreign = await flaps(on, await minted(elsewhere))('GET', path);
    expect([foreign.status, foreign.at('error')]).toEqual([401, 'Authenticate: token validation error']);
    const token = await minted(on);
    expect((await flaps(on, `${token.slice(0, -6)}AAAA==`)('GET', path)).status).toBe(401);
  });

  test('a token says what it is', async () => {
    const on = await stage();
    const { operator } = await withMachine(on);
    const deploy = (await operator('POST', '/apps/hf-u8123/deploy_token', {})).text('token');
    expect((await flaps(on, deploy)('GET', '/tokens/current')).at('tokens')).toMatchObject([
      {
        org_slug: 'operator',
        organization: 'Operator',
        apps: ['hf-u8123'],
        token_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ]);
  });
});

describe('asking what a token is worth, without a key', () => {
  test('authenticate lists the genuine tokens of a header with their caveats', async () => {
    const on = await stage();
    const token = narrowed(await minted(on), { type: 'Action', mask: Action.read });
    const answer = await introspect(on, 'authenticate', { header: `FlyV1 ${token}` });
    expect(answer.body).toMatchObject([
      {
        header: `FlyV1 ${token}`,
        permission_token: Buffer.from(macaroon(token).bytes).toString('base64'),
        nonce: { proof: false },
        caveats: {
          caveats: [
            { type: 'Organization', body: { id: 50001, mask: 'rwcdC' } },
            { type: 'ValidityWindow' },
            { type: 'Action', body: 'r' },
          ],
        },
      },
    ]);
    expect((await introspect(on, 'authenticate', { header: 'FlyV1 fm2_nonsense' })).body).toEqual([]);
  });

  test('authorize resolves names, fills in parents, and says yes or no', async () => {
    const on = await stage();
    const { id, number } = await withMachine(on);
    const token = narrowed(await minted(on), { type: 'Apps', apps: new Map([[number, Action.read]]) });
    const ask = (access: object): Promise<Answer> => introspect(on, 'authorize', { header: token, access });
    const yes = await ask({ machine_id: id, action: 'r' });
    expect(yes.body).toMatchObject({
      access: { action: 'r', orgid: 50001, appid: Number(number), machine: id },
      verified_token: { header: `FlyV1 ${token}` },
    });
    expect((await ask({ app_name: 'hf-u8123', action: 'r' })).status).toBe(200);
    expect((await ask({ app_name: 'hf-u8123', action: 'w' })).status).toBe(403);
    expect((await ask({ app_name: 'hf-u9000', action: 'r' })).status).toBe(403);
    expect((await ask({ app_name: 'nothing', action: 'r' })).status).toBe(404);
    expect((await ask({ machine_id: id, volume_id: 'vol_1', action: 'r' })).status).toBe(400);
    expect((await introspect(on, 'authorize', { header: 'fm2_x', access: { action: 'r' } })).status).toBe(
      401,
    );
  });
});
