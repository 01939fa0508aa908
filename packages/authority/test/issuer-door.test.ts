import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createIssuer, createIssuerDoor, createRemoteIssuer, type Issuer } from '@hangar/authority';
import { decodeToken } from '@hangar/macaroon';
import { calls, type CallName } from '../src/issuer/rpc/calls.ts';
import { pack, unpack } from '../src/issuer/rpc/pack.ts';
import { door, openWorld, throughDoors, WORKSPACE, type World } from './world.ts';

let world: World;
let issuer: Issuer;

beforeAll(async () => {
  world = await openWorld();
  issuer = createIssuer(world.options);
});
afterAll(() => world.close());

async function ask(
  half: 'verify' | 'sign',
  name: string,
  body: string,
  method = 'POST',
): Promise<{ status: number; text: string }> {
  const path = `/issuer/v1/${name}`;
  const init = method === 'POST' ? { method, body } : { method };
  const request = new Request(`http://issuer${path}`, init);
  const response = await createIssuerDoor(issuer, half).fetch(request, door(path));
  return { status: response.status, text: await response.text() };
}

const names = Object.keys(calls) as CallName[];

describe("an issuer's door", () => {
  it('answers nonsense with 400 and never with a failure of its own', async () => {
    const leaf = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.record({ $n: fc.string() }),
      fc.record({ $t: fc.string() }),
      fc.record({ $b: fc.string() }),
    );
    const known = fc.dictionary(
      fc.constantFrom(
        'token',
        'discharges',
        'workspace',
        'number',
        'ticket',
        'uses',
        'target',
        'id',
        'limit',
        'by',
      ),
      leaf,
      { maxKeys: 5 },
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.oneof(known, leaf), async (name, body) => {
        const { status, text } = await ask(calls[name].half, name, JSON.stringify(body));
        // An empty question is a good one to some; nothing random is a failure in here.
        expect([200, 400, 404]).toContain(status);
        if (status !== 200) expect(text).not.toMatch(/at .*\.ts|Error:/);
      }),
      { numRuns: 2000, seed: 20_261_121 },
    );
    expect((await ask('verify', 'verify', '{')).status).toBe(400);
    expect((await ask('verify', 'verify', '{"token":"a","token":"b"}')).status).toBe(400);
    expect((await ask('verify', 'verify', `"${'x'.repeat(1_100_000)}"`)).status).toBe(413);
  });

  it('knows its own half only, by POST only', async () => {
    for (const name of names) {
      const other = calls[name].half === 'verify' ? 'sign' : 'verify';
      expect((await ask(other, name, '{}')).status).toBe(404);
      expect((await ask(calls[name].half, name, '', 'GET')).status).toBe(405);
    }
    for (const name of ['', 'nothing', '__proto__', 'constructor', 'verify/'])
      expect((await ask('verify', name, '{}')).status).toBe(404);
  });

  it('believes no process what a parent is: what asks to mint is verified again', async () => {
    const apart = throughDoors(issuer);
    const wish = { workspace: WORKSPACE, name: 'child', creator: 'test', preset: 'readonly' } as const;
    const { token } = await apart.mint({ ...wish, preset: 'org', name: 'parent' });
    const parent = decodeToken(token);
    if (!parent.ok) throw new Error('unreadable');
    expect((await apart.mint({ ...wish, parent: { token: parent.value, discharges: [] } })).id).toMatch(
      /^[0-9a-f-]{36}$/,
    );
    const bytes = Buffer.from(token.slice(4), 'base64');
    bytes[bytes.length - 1]! ^= 1;
    const forged = decodeToken(`fm2_${bytes.toString('base64')}`);
    if (!forged.ok) throw new Error('unreadable');
    const asked = { ...wish, parent: { token: forged.value, discharges: [] } };
    await expect(apart.mint(asked)).rejects.toMatchObject({ code: 'token_bad_signature', status: 401 });
    const elsewhere = { ...wish, workspace: 70_002n, parent: { token: parent.value, discharges: [] } };
    await expect(apart.mint(elsewhere)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('an issuer that is not there, or answers something else', () => {
  it('is unavailable, whatever came back', async () => {
    const answers: (() => Promise<{ status: number; body: Uint8Array }>)[] = [
      async () => await Promise.reject(new Error('connect ENOENT')),
      async () => ({ status: 200, body: Buffer.from('not json') }),
      async () => ({ status: 200, body: Buffer.from('{"location":7}') }),
      async () => ({ status: 502, body: Buffer.from('{"error":"no"}') }),
      async () => ({ status: 500, body: Buffer.from('[]') }),
    ];
    for (const answer of answers) {
      const gone = createRemoteIssuer(answer);
      await expect(gone.about()).rejects.toMatchObject({ code: 'unavailable', status: 503 });
      await expect(gone.revokedSince(0n)).rejects.toMatchObject({ code: 'unavailable' });
    }
  });
});

describe('what goes between a process and its issuer', () => {
  it('comes out as it went in: numbers of any size, instants, bytes, and what JSON knows', () => {
    const value = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
        fc.date({ noInvalidDate: true }),
        fc.uint8Array(),
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any')),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('any')),
      ),
    })).any;
    fc.assert(
      fc.property(value, (one) => {
        const copy = unpack(JSON.parse(pack(one)));
        expect(pack(copy)).toBe(pack(one));
        expect(copy).toEqual(one);
      }),
    );
  });
});
