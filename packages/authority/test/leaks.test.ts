import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIssuer, narrowTokens, readLeakReporters, type Authority } from '@hangar/authority';
import { Action, decodeToken, encodeToken, LOCATIONS, mint as mintMacaroon } from '@hangar/macaroon';
import { sha256 } from '@hangar/security';
import { call, door, forged, gabriella, openWorld, WORKSPACE, type World } from './world.ts';

const github = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const published = JSON.stringify({
  public_keys: [
    {
      key_identifier: '90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a',
      key: github.publicKey.export({ type: 'spki', format: 'pem' }),
      is_current: true,
    },
  ],
});
const [identifier = ''] = readLeakReporters(published).keys();

let world: World;
let authority: Authority;

beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  await world.reset();
  authority = world.replica({ leakReporters: readLeakReporters(published) });
});
afterAll(async () => await world.close());

const mint = async (): Promise<string> => {
  const wish = { workspace: WORKSPACE, preset: 'org', name: 'ci', creator: 'milo' } as const;
  return (await authority.tokens.mint(wish)).token;
};

const narrowed = (token: string): string => {
  const copy = narrowTokens(token, [{ type: 'Action', mask: Action.read }], LOCATIONS.permission);
  if (!copy.ok) throw new Error(copy.reason.tag);
  return copy.value;
};

/** The discharge of a token that asks for a sign-in, signed by the one who holds the keys. */
async function signedIn(token: string): Promise<string> {
  const decoded = decodeToken(token);
  const ticket = decoded.ok && decoded.value.caveats.find((caveat) => caveat.type === '3P');
  if (!ticket) throw new Error('the token asks for no sign-in');
  const issued = await createIssuer(world.options).discharge(ticket.ticket, gabriella);
  if (!issued.ok) throw new Error(issued.reason.tag);
  return encodeToken(issued.value);
}

const verdict = async (token: string): Promise<string> => {
  const outcome = await authority.verifier.verify(token);
  return outcome.ok ? 'taken' : outcome.reason.code;
};

async function report(
  body: unknown,
  o: { key?: typeof github.privateKey; id?: string; signed?: string; to?: Authority } = {},
): Promise<{ status: number; json: unknown; text: string }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const signature = sign('sha256', Buffer.from(o.signed ?? text), o.key ?? github.privateKey);
  const request = new Request('https://gateway.example/hangar/v1/tokens/leaks', {
    method: 'POST',
    body: text,
    headers: {
      'content-type': 'application/json',
      'github-public-key-identifier': o.id ?? identifier,
      'github-public-key-signature': signature.toString('base64'),
    },
  });
  const response = await (o.to ?? authority).fetch(request, door('/hangar/v1/tokens/leaks'));
  const answer = await response.text();
  return { status: response.status, json: JSON.parse(answer) as unknown, text: answer };
}

describe('a signed report of leaked tokens', () => {
  it('ends each reported copy at once, leaves its parent alone, and says which were ours', async () => {
    const parent = await mint();
    const copy = narrowed(parent);
    const child = narrowTokens(copy, [{ type: 'IsMember' }], LOCATIONS.permission);
    const answer = await report([
      {
        token: copy,
        type: 'hangar_token',
        url: 'https://github.example/a/b/blob/main/.env',
        source: 'content',
      },
      { token: forged(parent), type: 'hangar_token' },
      { token: 'fm2_notatoken', type: 'hangar_token' },
    ]);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual([
      {
        token_hash: Buffer.from(sha256(copy)).toString('base64'),
        token_type: 'hangar_token',
        label: 'true_positive',
      },
      expect.objectContaining({ label: 'false_positive' }),
      expect.objectContaining({ label: 'false_positive' }),
    ]);
    expect(answer.text).not.toContain('fm2_');
    expect(await verdict(copy)).toBe('token_revoked');
    expect(await verdict(child.ok ? child.value : '')).toBe('token_revoked');
    expect(await verdict(parent)).toBe('taken');
  });

  it('ends the whole token when the workspace has no room for another revoked copy', async () => {
    const { store } = world.options;
    authority = world.replica({
      leakReporters: readLeakReporters(published),
      store: { ...store, revoke: (wish) => store.revoke({ ...wish, maxCopies: 0 }) },
    });
    const [parent, other] = [await mint(), await mint()];
    const { json } = await report([{ token: narrowed(parent), type: 'x' }]);
    expect(json).toMatchObject([{ label: 'true_positive' }]);
    expect([await verdict(parent), await verdict(other)]).toEqual(['token_revoked', 'taken']);
  });

  it('recognises any one part of a list, in either order, and ends what a discharge signed in for', async () => {
    const parts: [string, (permission: string, discharge: string) => string][] = [
      ['the permission token', (permission) => permission],
      ['the discharge', (_, discharge) => discharge],
      ['both', (permission, discharge) => `${permission},${discharge}`],
      ['both, turned round', (permission, discharge) => `FlyV1 ${discharge},${permission}`],
    ];
    for (const [what, part] of parts) {
      const { id, token } = await authority.tokens.mint({
        workspace: WORKSPACE,
        preset: 'org',
        name: what,
        creator: 'milo',
        requireLogin: true,
      });
      const found = part(token, await signedIn(token));
      const { json } = await report([{ token: found, type: 'hangar_token' }]);
      expect(json, what).toEqual([
        {
          token_hash: Buffer.from(sha256(found)).toString('base64'),
          token_type: 'hangar_token',
          label: 'true_positive',
        },
      ]);
      expect(await authority.tokens.get(WORKSPACE, id), what).toMatchObject({ revokedAt: world.clock.now() });
    }
  });

  it('of a discharge for a copy ends that copy, and leaves the text that it was made from', async () => {
    const parent = await mint();
    for (const text of [parent, narrowed(parent)]) {
      const { body } = await call(authority, 'POST', '/hangar/v1/tokens/attenuate', {
        body: { token: text, require_login: true },
      });
      const copy = String(body['token']);
      const discharge = await signedIn(copy);
      expect(await verdict(`${copy},${discharge}`)).toBe('taken');
      await report([{ token: discharge, type: 'x' }]);
      expect(await verdict(`${copy},${discharge}`)).toBe('token_revoked');
      expect(await verdict(text)).toBe('taken');
    }
    const [row] = (await authority.tokens.list({ workspace: WORKSPACE })).tokens;
    expect(row?.revokedAt).toBeUndefined();
  });

  it('of a discharge for a copy is answered when there is no room for the copy', async () => {
    const { body } = await call(authority, 'POST', '/hangar/v1/tokens/attenuate', {
      body: { token: await mint(), require_login: true },
    });
    const discharge = await signedIn(String(body['token']));
    const { store } = world.options;
    authority = world.replica({
      leakReporters: readLeakReporters(published),
      store: { ...store, revoke: (wish) => store.revoke({ ...wish, maxCopies: 0 }) },
    });
    const other = await mint();
    const found = [
      { token: discharge, type: 'x' },
      { token: other, type: 'x' },
    ];
    expect((await report(found)).json).toMatchObject([
      { label: 'true_positive' },
      { label: 'true_positive' },
    ]);
    expect(await verdict(other)).toBe('token_revoked');
  });

  it('does not believe a discharge that was changed, or that somebody else signed', async () => {
    const { token, id } = await authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'ci',
      creator: 'milo',
      requireLogin: true,
    });
    const decoded = decodeToken(token);
    const ticket = decoded.ok && decoded.value.caveats.find((caveat) => caveat.type === '3P');
    if (!ticket) throw new Error('no ticket');
    const foreign = mintMacaroon({
      key: new Uint8Array(32),
      keyId: ticket.ticket,
      location: ticket.location,
      caveats: [],
      proof: true,
    });
    for (const discharge of [forged(await signedIn(token)), encodeToken(foreign)]) {
      expect((await report([{ token: discharge, type: 'x' }])).json).toMatchObject([
        { label: 'false_positive' },
      ]);
    }
    expect((await authority.tokens.get(WORKSPACE, id))?.revokedAt).toBeUndefined();
  });

  it('a finder with only a discharge is told what to hand in, and ends nothing', async () => {
    const { token } = await authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'ci',
      creator: 'milo',
      requireLogin: true,
    });
    const discharge = await signedIn(token);
    const answer = await call(authority, 'POST', '/hangar/v1/tokens/revoke', { body: { token: discharge } });
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(answer.body['error']).toContain('Hand in the token it belongs to');
    expect(await verdict(`${token},${discharge}`)).toBe('taken');
  });

  it('is refused with any other signature, and then nothing is revoked', async () => {
    const token = await mint();
    const body = [{ token, type: 'hangar_token' }];
    const wrong = [
      await report(body, { key: stranger.privateKey }),
      await report(body, { id: 'another' }),
      await report(body, { signed: JSON.stringify([]) }),
      await report(`${JSON.stringify(body)} `, { signed: JSON.stringify(body) }),
    ];
    expect(wrong.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(await verdict(token)).toBe('taken');
  });

  it('of another form names the field, and a door without reporters is no door', async () => {
    expect(await report([{ type: 'x' }])).toMatchObject({ status: 400, json: { code: 'invalid' } });
    expect(await report([{ token: 'fm2_', type: 'x', url: 'a\u0000b' }])).toMatchObject({ status: 400 });
    expect(await report('[')).toMatchObject({ status: 400, json: { code: 'bad_request' } });
    expect(await report([], { to: world.replica() })).toMatchObject({ status: 404 });
  });

  it('needs keys in the published form', () => {
    for (const list of ['', '{}', '{"public_keys":[{"key_identifier":"a","key":"b"}]}']) {
      expect(() => readLeakReporters(list)).toThrow(/leak reporters/);
    }
  });
});
