import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  Action,
  attenuate,
  LIMITS,
  LOCATIONS,
  mint as mintMacaroon,
  Writer,
  type Macaroon,
} from '@hangar/macaroon';
import { inspectTokens, narrowTokens } from '@hangar/authority';
import { call, openWorld, WORKSPACE, type World } from './world.ts';

let world: World;
let root: string;
let routeQuestions = 0;
beforeAll(async () => {
  world = await openWorld({
    routeAccess: async ({ workspace }) => {
      routeQuestions += 1;
      return { action: Action.delete, orgId: workspace, now: new Date(0) };
    },
  });
});
beforeEach(async () => {
  await world.reset();
  routeQuestions = 0;
  const wish = { workspace: WORKSPACE, preset: 'readonly', name: 'r', creator: 'r' } as const;
  root = (await world.authority.tokens.mint(wish)).token;
});
afterAll(() => world.close());

const unsigned = (n = 0): Macaroon =>
  mintMacaroon({
    key: new Uint8Array(32).fill(n),
    keyId: new Uint8Array(8),
    location: LOCATIONS.permission,
    caveats: [],
  });
const post = (path: string, body: unknown) =>
  call(world.authority, 'POST', `/hangar/v1/tokens${path}`, { body });

const doors: [string, (token: string) => unknown][] = [
  ['/inspect', (token) => ({ token })],
  ['/attenuate', (token) => ({ token, caveats: [{ type: 'Action', body: 'r' }] })],
  ['/check', (token) => ({ token, method: 'GET', path: '/v1/apps' })],
  ['/revoke', (token) => ({ token })],
];

describe('a text with more tokens than any header may hold', () => {
  it.each(doors)('is refused at %s before any of it is looked at', async (path, body) => {
    const answer = await post(path, body(','.repeat(LIMITS.tokensPerHeader)));
    expect(answer).toMatchObject({ status: 413, body: { code: 'too_large' } });
    expect(answer.text.length).toBeLessThan(500);
    const within = await post(path, body(`${root}${','.repeat(3)}`));
    expect(within.status).not.toBe(413);
  });

  it('is refused offline too', () => {
    const text = Array.from({ length: LIMITS.tokensPerHeader + 1 }, () => 'fm2_').join(',');
    expect(inspectTokens(text, LOCATIONS.permission)).toEqual({ ok: false, reason: { tag: 'too_large' } });
  });
});

describe('an answer about a text', () => {
  it('is a small multiple of it, or a refusal', async () => {
    for (const caveat of [{ type: 'IsMember' }, { type: 'Action', mask: Action.all }] as const) {
      const crowded = crowdedWith(unsigned(), caveat);
      for (const count of [1, 5, 40, 150]) {
        const text = Array.from({ length: count }, () => crowded)
          .join(',')
          .slice(0, LIMITS.headerLength);
        const { status, text: answer } = await post('/inspect', { token: text });
        expect([200, 413]).toContain(status);
        expect(answer.length).toBeLessThan(12 * text.length + 65_536);
      }
    }
  });

  it('says everything about one token, however many caveats it has', async () => {
    const { body } = await post('/inspect', { token: crowdedWith(unsigned(), { type: 'IsMember' }) });
    const [token] = body['tokens'] as { sentences: string[] }[];
    expect(token?.sentences.length).toBeGreaterThanOrEqual(LIMITS.caveats);
  });

  it('to narrowing is no longer than a header, and stops there', async () => {
    const text = Array.from({ length: 100 }, () => root).join(',');
    const wide = Array.from({ length: 40 }, (_, n) => ({
      type: 'Volumes',
      body: { volumes: { [`vol_${n}${'x'.repeat(500)}`]: 'r' } },
    }));
    const answer = await post('/attenuate', { token: text, caveats: wide });
    expect(answer).toMatchObject({ status: 413, body: { code: 'too_large' } });
    const caveat = { type: 'Mutations', mutations: ['m'.repeat(1000)] } as const;
    expect(narrowTokens(text, [caveat], LOCATIONS.permission)).toMatchObject({
      reason: { tag: 'too_large' },
    });
  });

  it('looks a route up once for a workspace, not once for a token', async () => {
    const copies = Array.from({ length: 30 }, (_, n) => narrowed(root, n));
    const answer = await post('/check', { token: copies.join(','), method: 'DELETE', path: '/v1/x' });
    expect(answer.body).toMatchObject({ allowed: false });
    expect(routeQuestions).toBe(1);
  });
});

function narrowed(text: string, n: number): string {
  const copy = narrowTokens(text, [{ type: 'Mutations', mutations: [`m${n}`] }], LOCATIONS.permission);
  if (!copy.ok) throw new Error(copy.reason.tag);
  return copy.value;
}

/** A token filled with one caveat over and over, which only an author of bytes can make: making leaves out repetitions. */
function crowdedWith(token: Macaroon, caveat: Parameters<typeof attenuate>[1][number]): string {
  const { nonceBytes, location, pairs, tail } = attenuate(token, [caveat]);
  const writer = new Writer()
    .array(4)
    .raw(nonceBytes)
    .text(location)
    .array(2 * LIMITS.caveats);
  for (let n = 0; n < LIMITS.caveats; n += 1) writer.raw(pairs.at(-1) ?? new Uint8Array());
  return `fm2_${Buffer.from(writer.bin(tail).finish()).toString('base64')}`;
}
