import { Hono, type Context } from 'hono';
import { HangarError, splitTarget, type RequestContext } from '@hangar/http';
import { sha256Hex } from '@hangar/security';
import { chargesFor } from './billing/charges.ts';
import { readChargesQuery } from './billing/query.ts';
import type { Deps } from './deps.ts';
import { acceptEvent } from './machine-events.ts';
import { deprovision } from './operations/deprovision.ts';
import { provision, type Begun, type ProvisionAnswer } from './operations/provision.ts';
import { createShortRoad } from './operations/provision-at-once.ts';
import { update } from './operations/update.ts';
import type { Work } from './operations/work.ts';
import { readProvision } from './wire/provision-request.ts';
import { resourceWire } from './wire/resource-view.ts';
import { answerSigned, answerSignedEvent, failureResponse, type SignedHandler } from './wire/signed.ts';
import { finishSignIn } from './sso/callback.ts';
import type { Cookies } from './sso/cookies.ts';
import { notHere, type SignInStart } from './sso/start.ts';

/** What the routes work with. */
export interface RouteDeps extends Deps {
  readonly work: Work;
  readonly cookies: Cookies;
  readonly signIn: SignInStart;
  /** Called when a machine event waits. */
  readonly eventArrived: () => void;
}

/** The HTTP methods of one path, each with its guard and what it does. */
interface Route {
  readonly path: string;
  readonly methods: Readonly<Record<string, (c: Context<Env>) => Promise<Response>>>;
}

type Env = { Bindings: RequestContext };

/** Ids need no escaping, so a path that uses any names nothing (docs/specs/extensions.md#endpoints). */
const ID = ':id{[A-Za-z0-9][A-Za-z0-9._~-]{0,127}}';
const ORGANIZATION = ':id{[A-Za-z0-9][A-Za-z0-9._~-]{0,199}}';

/**
 * The table: method, path, guard, operation. Matching and signatures both go by the raw target, never by
 * `Request.url`, which was rewritten on the way.
 */
export function createRoutes(deps: RouteDeps): Hono<Env> {
  const app = new Hono<Env>({
    // One trailing slash means nothing (docs/specs/extensions.md#endpoints).
    getPath: (_, options) => routePath(options?.env?.rawTarget ?? '', deps).replace(/(?<=.)\/$/, ''),
  });
  for (const { path, methods } of routeTable(deps)) {
    for (const [method, handler] of Object.entries(methods)) {
      app.on(method, path, async (c) => await guarded(c, () => handler(c), deps));
    }
    const allow = Object.keys(methods).join(', ');
    app.all(path, (c) =>
      failureResponse(new HangarError('method_not_allowed', { headers: { allow } }), c.env, deps),
    );
  }
  app.notFound((c) => failureResponse(new HangarError('not_found'), c.env, deps));
  app.onError((error, c) => failureResponse(error, c.env, deps));
  return app;
}

function routeTable(deps: RouteDeps): readonly Route[] {
  const { work, cookies, signIn, eventArrived } = deps;
  const shortRoad = createShortRoad(deps);
  const { store } = deps.options;
  const signed = (handler: (c: Context<Env>) => SignedHandler) => async (c: Context<Env>) =>
    await answerSigned(c.req.raw, c.env, routePath(c.env.rawTarget, deps), handler(c), undefined, deps);

  return [
    {
      path: '/extensions',
      methods: {
        POST: async (c) =>
          await answerSigned<Begun>(
            c.req.raw,
            c.env,
            routePath(c.env.rawTarget, deps),
            async ({ members, timestamp }, _, begun) => {
              const order = begun?.order ?? readProvision(members, timestamp, deps.options);
              const answer = await provision(work, order, begun, deps);
              return json(provisionBody(answer), provisionStatus(answer, deps));
            },
            shortRoad,
            deps,
          ),
      },
    },
    {
      // Before the route with an id: `events` is a reserved word, not a resource.
      path: '/extensions/events',
      methods: {
        POST: async (c) =>
          await answerSignedEvent(
            c.req.raw,
            c.env,
            routePath(c.env.rawTarget, deps),
            async (body) => {
              if (await acceptEvent(c.req.raw.headers, body, deps)) eventArrived();
              return new Response(null, { status: 204 });
            },
            deps,
          ),
      },
    },
    {
      path: `/extensions/${ID}`,
      methods: {
        GET: signed((c) => async () => {
          const extension = await store.extensions.find(idOf(c));
          if (extension === undefined || extension.status === 'deleted') throw new HangarError('not_found');
          return cacheable(c, resourceWire(extension));
        }),
        PATCH: signed((c) => async ({ members, timestamp }) => {
          const answer = await update(work, idOf(c), members, timestamp, deps);
          const body = {
            ...resourceWire(answer.extension),
            config: answer.config,
          };
          return json(body, answer.tag === 'updated' ? 200 : 202);
        }),
        DELETE: signed((c) => async () => {
          const answer = await deprovision(work, idOf(c), undefined, deps);
          return answer === 'deleted'
            ? new Response(null, { status: 204 })
            : json({ id: idOf(c), status: 'deleting' }, 202);
        }),
      },
    },
    {
      path: '/billing/charges',
      methods: {
        GET: signed(
          (c) =>
            async ({ members }) =>
              json(await chargesFor(readChargesQuery(members), c.req.raw.signal, deps), 200),
        ),
      },
    },
    // A browser comes here by itself: these carry no signature (docs/specs/extensions.md#sign-on).
    {
      path: `/extensions/${ID}/sso`,
      methods: { GET: async (c) => await signIn.extension(c.req.raw, idOf(c), c.env.remoteAddress) },
    },
    { path: '/extensions/:other/sso', methods: { GET: async () => notHere() } },
    {
      path: `/organizations/${ORGANIZATION}/sso`,
      methods: { GET: async (c) => await signIn.organization(c.req.raw, idOf(c), c.env.remoteAddress) },
    },
    {
      path: '/login',
      methods: {
        GET: async (c) => {
          const { query } = splitTarget(c.env.rawTarget);
          const returnTo = new URLSearchParams(query).get('return_to') ?? undefined;
          return await signIn.path(c.req.raw, returnTo, c.env.remoteAddress);
        },
      },
    },
    {
      path: '/callback',
      methods: {
        GET: async (c) => await finishSignIn(cookies, c.req.raw, splitTarget(c.env.rawTarget).query, deps),
      },
    },
  ];
}

/** The path below the base URL, exactly as received; empty when it is not below it. */
export function routePath(rawTarget: string, deps: Deps): string {
  const mount = new URL(deps.options.publicBaseUrl).pathname.replace(/\/$/, '');
  const { path } = splitTarget(rawTarget);
  return path.startsWith(`${mount}/`) ? path.slice(mount.length) : '/-';
}

async function guarded(c: Context<Env>, handler: () => Promise<Response>, deps: Deps): Promise<Response> {
  try {
    return await handler();
  } catch (error) {
    return failureResponse(error, c.env, deps);
  }
}

function idOf(c: Context<Env>): string {
  return c.req.param('id') ?? '';
}

function provisionBody({ extension, config }: ProvisionAnswer): Record<string, unknown> {
  return {
    id: extension.id,
    config,
    name: extension.name,
    fly_app_name: extension.flyAppName,
    status: extension.status,
  };
}

function provisionStatus(answer: ProvisionAnswer, deps: Deps): number {
  switch (answer.tag) {
    case 'created':
      return deps.options.createdStatus ?? 201;
    case 'accepted':
      return 202;
    case 'repeated':
      return 200;
  }
}

/** Pollers that say what they have are spared the body. */
function cacheable(c: Context<Env>, body: Record<string, unknown>): Response {
  const etag = `"${sha256Hex(JSON.stringify(body)).slice(0, 32)}"`;
  if (c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers: { etag } });
  const answer = json(body, 200);
  answer.headers.set('etag', etag);
  return answer;
}

function json(body: Record<string, unknown>, status: number): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
}
