import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { policyFaults } from '../../../test/harness/page-policy.ts';
import { openBrowser } from './world/browser.ts';
import type { Person } from './world/oauth-twin.ts';
import { openWorld, type Answer, type World } from './world/world.ts';

/** Everything a person may read when a sign-in does not go through. */

const HERE = '04La2mblTaz';
let world: World;
let id: string;
let visitor: ReturnType<typeof openBrowser>;

beforeAll(async () => {
  world = await openWorld();
  id = (await world.create({ organization_id: HERE })).json.id;
});
afterAll(async () => await world.close());
beforeEach(() => {
  visitor = openBrowser(world);
  world.twin.tokenAnswer = undefined;
});

const stranger = (): Person => ({
  id: 'far-away',
  name: 'Otto',
  email: 'otto@customer.example',
  organizations: [{ id: 'faraway', role: 'admin' }],
});
const sso = (extension = id) => `/flyio/extensions/${extension}/sso`;
const callbackOf = async (): Promise<URL> => {
  const location = new URL((await visitor.open(sso())).headers.get('location') ?? '');
  return world.twin.agree(location, stranger());
};

const pages: Record<string, { readonly reached: () => Promise<Answer>; readonly leads: readonly string[] }> =
  {
    'a code without a sign-in': {
      reached: async () => await visitor.open('/flyio/callback?code=x&state=y'),
      leads: ['/flyio/login?return_to=%2F', '/'],
    },
    'a code for the second time': {
      reached: async () => {
        const callback = await callbackOf();
        const kept = new Map(visitor.jar);
        await visitor.open(callback.href);
        for (const [name, value] of kept) visitor.jar.set(name, value);
        return await visitor.open(callback.href);
      },
      leads: ['/flyio/login?return_to=%2F', '/'],
    },
    'somebody who said no': {
      reached: async () => {
        const { searchParams } = await callbackOf();
        return await visitor.open(`/flyio/callback?error=access_denied&state=${searchParams.get('state')}`);
      },
      leads: ['SSO', '/'],
    },
    'a Fly.io that fails': {
      reached: async () => {
        world.twin.tokenAnswer = () => ({ status: 503, body: '' });
        return await visitor.open((await callbackOf()).href);
      },
      leads: ['SSO', '/'],
    },
    'somebody of another organization': {
      reached: async () => await visitor.signIn(sso(), stranger()),
      leads: ['/flyio/login?return_to=%2F', '/'],
    },
    'somebody of another organization, for the overview of one': {
      reached: async () => await visitor.signIn(`/flyio/organizations/${HERE}/sso`, stranger()),
      leads: ['/flyio/login?return_to=%2F', '/'],
    },
    'somebody of an unknown organization, for a page': {
      reached: async () => await visitor.signIn('/flyio/login?return_to=/extensions/a%3Fb=c', stranger()),
      leads: ['/flyio/login?return_to=%2F', '/'],
    },
    'an extension that never was': {
      reached: async () => await visitor.open(sso('00000000-0000-4000-8000-000000000000')),
      leads: ['/'],
    },
    'an extension that is deleted during the sign-in': {
      reached: async () => {
        const gone = (await world.create({ organization_id: HERE })).json.id;
        const start = new URL((await visitor.open(sso(gone))).headers.get('location') ?? '');
        await world.remove(gone);
        return await visitor.open(world.twin.agree(start, stranger()).href);
      },
      leads: ['/'],
    },
    'too many sign-ins': {
      reached: async () => {
        let answer = await world.browse(sso(), {}, world.provider, '192.0.2.7');
        while (answer.status === 302) answer = await world.browse(sso(), {}, world.provider, '192.0.2.7');
        return answer;
      },
      leads: ['SSO', '/'],
    },
  };

test('the link after the wrong account lets another one in', async () => {
  const { text } = await visitor.signIn(sso(), stranger());
  const link = /<a href="([^"]*)">Use another account/.exec(text)?.[1] ?? '';
  const member = { ...stranger(), id: 'near', organizations: [{ id: HERE, role: 'member' }] };
  expect((await visitor.signIn(link, member)).headers.get('location')).toBe('/');
  expect((await visitor.open(sso())).headers.get('location')).toBe(`/extensions/${id}`);
});

describe.each(Object.entries(pages))('the page for %s', (_, { reached, leads }) => {
  test('is allowed by its own policy to look as it does', async () => {
    const { headers, text } = await reached();
    expect(text.match(/<style>/g)).toHaveLength(1);
    expect(policyFaults(headers, text)).toEqual([]);
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
  });

  test('leads on, with links that work', async () => {
    const { status, text } = await reached();
    expect(status).toBeGreaterThanOrEqual(400);
    const links = [...text.matchAll(/<a href="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(links).toEqual(leads.map((path) => (path === 'SSO' ? sso() : path)));
    // The start page is the host's; every other one begins a sign-in, in a browser that has just failed one.
    for (const link of links.filter((path) => path !== '/')) {
      const answer = await visitor.open(link);
      expect([link, answer.status]).toEqual([link, 302]);
      expect(new URL(answer.headers.get('location') ?? '').pathname).toBe('/oauth/authorize');
    }
  });
});
