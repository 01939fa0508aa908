import { randomUUID } from 'node:crypto';
import { type DashboardRoute, dashboardRoutes } from '../src/dashboard/routes.ts';
import type { Estate } from './dashboard-estate.ts';
import type { House } from './dashboard-house.ts';

/** Where the dashboard of these tests is reached. */
export const ORIGIN = 'https://hangar.example';

/** A request as a test writes it. */
export interface Call {
  readonly method?: string;
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** As it stood on the wire, when that differs from the address. */
  readonly rawTarget?: string;
}

export type Role = 'admin' | 'member';

/** Somebody who is signed in; `csrf` is what their page would send back. */
export type Visitor = ReturnType<ReturnType<typeof visitorsOf>['person']>;

/** Ways to ask a house's dashboard something, and people to ask it as. */
export function visitorsOf(house: House) {
  const dashboard = house.dashboard(ORIGIN);
  return {
    call: async (target: string, { method = 'GET', cookie, headers, body, rawTarget }: Call = {}) => {
      const request = new Request(`${ORIGIN}${target}`, {
        method,
        headers: { ...(cookie === undefined ? {} : { cookie }), ...headers },
        body,
      });
      const door = { rawTarget: rawTarget ?? target, requestId: 'req_test' };
      const response = await dashboard.fetch(request, door);
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    person: (estate: Estate, role: Role) => {
      const login = {
        userId: `visitor-${randomUUID()}`,
        email: 'visitor@customer.example',
        memberships: [{ organizationId: estate.organizationId, role }],
      };
      return { login, cookie: house.logins.signIn(login), csrf: house.logins.csrfToken(login) };
    },
  };
}

/** What our own page sends with a change. */
export const fromOurPage = (csrf: string) => ({
  'content-type': 'application/json',
  'sec-fetch-site': 'same-origin',
  origin: ORIGIN,
  'x-csrf-token': csrf,
});

/** The address of a route about one estate; ids below the extension may be another's. */
export function pathOf(route: DashboardRoute, estate: Estate, below: Estate = estate): string {
  return route.path
    .replace(':extensionId', estate.extensionId)
    .replace(':tokenId', below.tokenId)
    .replace(':deliveryId', below.deliveryId);
}

/** What a change is told by its body, where it is told anything. */
export function bodyOf({ path }: DashboardRoute, estate: Estate): string {
  if (path.endsWith('/mint'))
    return JSON.stringify({ preset: 'deploy', name: 'ci', app: String(estate.app) });
  if (path.endsWith('/revoke-all')) return JSON.stringify({ creator: estate.creator });
  return path.endsWith('/report') ? JSON.stringify({ token: estate.token }) : '{}';
}

/** The routes about one extension. */
export const routesAbout = dashboardRoutes.filter(
  (route) => route.audience === 'member' || route.audience === 'admin',
);
/** The routes that change something. */
export const changes = dashboardRoutes.filter((route) => route.method === 'POST');

/** The code of an error answer. */
export const codeOf = (text: string) => (JSON.parse(text) as { code: string }).code;
