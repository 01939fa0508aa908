import { Hono, type Context } from 'hono';
import type { ProductView } from '@hangar/dashboard/wire';
import {
  type Clock,
  type RequestContext,
  HangarError,
  type Log,
  silentLog,
  splitTarget,
  systemClock,
  answerError,
  onlyAllow,
} from '@hangar/http';
import { randomToken } from '@hangar/security';
import { admit, type Asked, assertStillAdmitted } from './admit.ts';
import { createAssets } from './page/assets.ts';
import { setPageHeaders } from './page/page-headers.ts';
import { isPagePath } from './page/pages.ts';
import type { DashboardActions, DashboardReads, LoginsPort, TokensPort, UsageQuestion } from './ports.ts';
import { dashboardRoutes, type DashboardRoute } from './routes.ts';
import type { Change, Effects, Questions, ViewerVisit } from './visit.ts';
import { WholeRequest } from './whole.ts';

/** What the dashboard is made from. */
export interface DashboardOptions {
  readonly reads: DashboardReads;
  readonly tokens: TokensPort;
  readonly actions: DashboardActions;
  readonly logins: LoginsPort;
  readonly usage: UsageQuestion;
  /** The folder of the built page: apps/hangar/dist/page. */
  readonly assetsDir: string;
  /** Where browsers reach us, such as `https://hangar.example`. Changes must come from exactly this origin. */
  readonly publicUrl: string;
  /** What is sold, and the flyctl command that opens it. */
  readonly product: ProductView;
  readonly now?: Clock;
  readonly log?: Log;
}

/** The dashboard: pages, their files, and the JSON below /api. */
export interface Dashboard {
  fetch(request: Request, door: RequestContext): Promise<Response>;
}

/** Bytes of randomness in a nonce: what makes it unguessable within one page load. */
const NONCE_BYTES = 18;

/** Most changes are told everything by their path; a body is then only there to make the request JSON. */
const EMPTY_BODY_BYTES = 1024;

type At = Context<{ Bindings: { door: RequestContext } }>;

/** Builds the dashboard. Throws TypeError when `publicUrl` is not a URL. */
export function createDashboard(options: DashboardOptions): Dashboard {
  const publicOrigin = new URL(options.publicUrl).origin;
  const rules = { secure: publicOrigin.startsWith('https:') };
  const assets = createAssets(options.assetsDir);
  const deps: Deps = {
    questions: { ...options, now: options.now ?? systemClock, log: options.log ?? silentLog },
    effects: options,
    publicOrigin,
  };
  const app = new Hono<{ Bindings: { door: RequestContext } }>();

  for (const route of dashboardRoutes) {
    app.on(route.method, route.path, async (at) => await answer(route, at, deps));
  }
  for (const path of new Set(dashboardRoutes.map((route) => route.path))) {
    app.all(path, () => notAllowed(dashboardRoutes.filter((route) => route.path === path)));
  }
  app.all('/api/*', () => {
    throw new HangarError('not_found');
  });
  app.get('*', (at) => {
    const file = assets.file(at.req.path, at.req.header('accept-encoding') ?? '');
    if (file !== undefined) return file;
    const known = isPagePath(at.req.path);
    // A person who mistypes an address gets the page, which says so; the status is the truth for everyone else.
    if (!known && !(at.req.header('accept') ?? '').includes('text/html')) throw new HangarError('not_found');
    const nonce = randomToken(NONCE_BYTES);
    const headers = new Headers({ 'content-type': 'text/html; charset=utf-8' });
    setPageHeaders(headers, rules, nonce);
    return new Response(assets.page(nonce), { status: known ? 200 : 404, headers });
  });
  app.notFound(onlyAllow('GET, HEAD'));
  app.onError((thrown, at) => answerError(thrown, at.env.door));

  return {
    fetch: async (request, door) => {
      const response = await app.fetch(request, { door });
      if (!response.headers.has('content-security-policy')) setPageHeaders(response.headers, rules);
      response.headers.set('x-request-id', door.requestId);
      return response;
    },
  };
}

interface Deps {
  readonly questions: Questions;
  readonly effects: Effects;
  readonly publicOrigin: string;
}

async function answer(
  route: DashboardRoute,
  at: At,
  { questions, effects, publicOrigin }: Deps,
): Promise<Response> {
  const request = at.req.raw;
  const { door } = at.env;
  // What is authorised is what was sent: an address that had to be tidied up first is not answered.
  if (splitTarget(door.rawTarget).path !== new URL(request.url).pathname)
    throw new HangarError('bad_request');
  const maxBodyBytes = route.method === 'POST' ? route.maxBodyBytes : undefined;
  const asked: Asked = {
    whole: await WholeRequest.read(request, door, maxBodyBytes ?? EMPTY_BODY_BYTES),
    questions,
    publicOrigin,
    route,
    param: (name) => at.req.param(name) ?? '',
  };
  const result = await runAdmitted(route, asked, effects);
  return result instanceof Response ? result : Response.json(result);
}

async function runAdmitted(route: DashboardRoute, asked: Asked, effects: Effects): Promise<object> {
  switch (route.audience) {
    case 'anyone':
      return await route.answer(asked.questions, await admit.anyone(asked));
    case 'member':
      return await route.answer(asked.questions, await admit.member(asked));
    case 'viewer': {
      const visit = await admit.viewer(asked);
      if (route.method === 'GET') return await route.answer(asked.questions, visit);
      return await carryOut(asked, visit, await route.prepare(asked.questions, visit), effects);
    }
    case 'admin': {
      const visit = await admit.admin(asked);
      return await carryOut(asked, visit, await route.prepare(asked.questions, visit), effects);
    }
  }
}

/** The only place that effects are given from: looking things up took time, so the visit is judged once more. */
async function carryOut(asked: Asked, visit: ViewerVisit, change: Change, effects: Effects): Promise<object> {
  await assertStillAdmitted(asked, visit);
  return await change(effects);
}

function notAllowed(routes: readonly DashboardRoute[]): never {
  const methods = routes.map((route) => (route.method === 'GET' ? 'GET, HEAD' : route.method));
  throw new HangarError('method_not_allowed', { headers: { allow: methods.join(', ') } });
}
