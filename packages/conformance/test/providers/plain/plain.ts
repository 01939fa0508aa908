import type { IncomingMessage, ServerResponse } from 'node:http';
import { freePort } from '../../../../../test/harness/postgres.ts';
import { bodyOf, SECRETS, serveAt, type Running } from '../running.ts';
import { charges } from './billing.ts';
import { readEvent } from './events.ts';
import type { Fault, Has } from './faults.ts';
import { createHooks } from './hooks.ts';
import { provision, shown, update, type Reply, type Resource, type Shop } from './resources.ts';
import { createSignOn, type Page } from './sign-on.ts';
import { judge, type SignedOptions } from './signed.ts';

const MAX_BODY_BYTES = 64 * 1024;
const ID = /^\/extensions\/([A-Za-z0-9][A-Za-z0-9._~-]{0,127})$/;
const LINK = /^\/(extensions|organizations)\/([A-Za-z0-9._~-]+)\/sso$/;
/** More requests than this within {@link CROWD_MS} are many. */
const MANY = 40;
const CROWD_MS = 2_000;

const missing: Reply = { status: 404, body: { error: 'there is no such thing', code: 'not_found' } };
const broken: Reply = { status: 500, body: { error: 'broken' } };

/**
 * A provider in plain node:http that shares nothing with the kit. Without a fault it is right; with one, that one thing is wrong.
 */
export async function startPlain(flyPort: number, fault?: Fault): Promise<Running> {
  const has: Has = (one) => one === fault;
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const baseUrl = `${origin}/flyio`;
  const flyUrl = `http://127.0.0.1:${flyPort}`;
  const shop: Shop = new Map();
  const signed: SignedOptions = {
    secrets: [SECRETS.provisioning, SECRETS.second],
    baseUrl,
    has,
    nonces: new Set(),
  };
  const hooks = createHooks(flyUrl, has);
  const signOn = createSignOn({ flyUrl, origin, baseUrl, shop, has });
  // A customer of long ago, who is charged every day.
  shop.set('old-1', {
    ...blank(),
    id: 'old-1',
    organizationId: 'oldorg',
    name: 'old',
    madeMs: Date.now() - 3 * 86_400_000,
  });
  let stray: Record<string, unknown> = {};
  const recent: number[] = [];

  const living = (id: string): Resource | undefined => {
    const one = shop.get(id);
    return one?.deletedMs === undefined || has('deleted resources are shown') ? one : undefined;
  };

  const remove = (id: string): Reply => {
    const one = shop.get(id);
    if (one === undefined) return has('what never was is deleted') ? { status: 204 } : missing;
    if (has('a deletion is a failure')) return broken;
    if (one.deletedMs !== undefined)
      return has('a second deletion is a failure') || has('deletions at once are a failure')
        ? broken
        : { status: 204 };
    if (has('a deletion deletes nothing')) return { status: 204 };
    one.deletedMs = Date.now();
    if (has('a deletion leaves work going')) setTimeout(() => (one.deletedMs = undefined), 500);
    if (has('deletion goes by the name'))
      for (const other of shop.values()) if (other.name.startsWith(one.name)) other.deletedMs = Date.now();
    return { status: 204 };
  };

  const show = (id: string): Reply => {
    const one = living(id);
    if (one === undefined) return has('an unknown id is 200') ? { status: 200, body: {} } : missing;
    const body = shown(one, has);
    return { status: 200, body: has('config is shown') ? { ...body, config: one.config } : body };
  };

  const answer = async (request: IncomingMessage, path: string, body: Buffer): Promise<Reply> => {
    const { method = '' } = request;
    if (path === '/extensions/events' && method === 'POST')
      return await readEvent(request, body, { signed, shop, has });
    const id = path === '/extensions/events' ? undefined : ID.exec(path)?.[1];
    const known =
      path === '/extensions'
        ? ['POST']
        : path === '/extensions/events'
          ? ['POST']
          : path === '/billing/charges'
            ? ['GET']
            : id === undefined
              ? []
              : ['GET', 'PATCH', 'DELETE'];
    if (known.length === 0) return missing;
    const overridden = has('a method in a header counts')
      ? request.headers['x-http-method-override']
      : undefined;
    if (!known.includes(method))
      return { status: 405, body: { error: 'not that method', code: 'method_not_allowed' } };
    const judged = judge(request, path, body, signed);
    if (!judged.ok) {
      const why = has('a refusal tells why') ? ` (${judged.why})` : '';
      return judged.status === 401
        ? { status: 401, body: { error: `invalid signature${why}`, code: 'unauthorized' } }
        : { status: judged.status, body: { error: 'not readable', code: 'bad_request' } };
    }
    const { members } = judged;
    if (path === '/billing/charges') return charges(members, shop, has);
    if (id === undefined) {
      if (has('members reach the prototype') && Object.hasOwn(members, '__proto__'))
        stray = members['__proto__'] as Record<string, unknown>;
      const reply = await provision(members, shop, has);
      return reply.status < 300 ? { ...reply, body: { ...(reply.body as object), ...stray } } : reply;
    }
    if (method === 'DELETE' || overridden === 'DELETE') return remove(id);
    if (method === 'GET') return show(id);
    const one = living(id) ?? (has('a deleted resource is updated') ? shop.get(id) : undefined);
    if (one === undefined) return has('an unknown id is updated') ? { status: 200, body: {} } : missing;
    const reply = await update(one, members, has);
    if (has('a PATCH is told back') && reply.status < 300) hooks.tell('resource.updated', one);
    return reply;
  };

  /** What somebody does in the provider's own pages. */
  const own = (deed: Record<string, string>): Reply => {
    const one = shop.get(deed['id'] ?? '');
    if (deed['do'] === 'create') {
      const made = {
        ...([...shop.values()][0] ?? blank()),
        id: `own-${shop.size}`,
        flyId: undefined,
        name: deed['name'] ?? '',
        organizationId: deed['organization_id'] ?? '',
        userId: deed['user_id'] ?? '',
        deletedMs: undefined,
      };
      shop.set(made.id, made);
      hooks.tell('resource.created', made);
      return { status: 200, body: { id: made.id } };
    }
    if (one === undefined) return missing;
    if (deed['do'] === 'delete') {
      one.deletedMs = Date.now();
      if (!has('a deletion is not told')) hooks.tell('resource.deleted', one);
    } else {
      one.status = one.status === 'sleeping' ? 'ready' : 'sleeping';
      hooks.tell('resource.updated', one);
    }
    return { status: 200, body: { id: one.id } };
  };

  const browse = async (request: IncomingMessage, path: string): Promise<Page | undefined> => {
    if (request.method !== 'GET') return undefined;
    const cookies = cookiesOf(request);
    const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '');
    const link = LINK.exec(path);
    if (link !== null)
      return signOn.start(
        link[1] === 'extensions' ? { extension: link[2] } : { organization: link[2] },
        query,
        cookies,
      );
    return path === '/callback' ? await signOn.callback(query, cookies) : undefined;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const most = has('a body of any size is read') ? Number.POSITIVE_INFINITY : MAX_BODY_BYTES;
    const body = await bodyOf(request, most);
    recent.push(performance.now());
    const crowded = recent.filter((at) => at > performance.now() - CROWD_MS).length > MANY;
    const [whole = ''] = (request.url ?? '/').split('?');
    if (has('an escape in an id is a failure')) decodeURIComponent(whole);
    if (whole === '/own') return end(response, own(JSON.parse(String(body)) as Record<string, string>));
    const drain = /^\/drains\/([^/]+)$/.exec(whole)?.[1];
    if (drain !== undefined) return page(response, signOn.page(drain, cookiesOf(request)));
    const path = whole.startsWith('/flyio/') ? whole.slice('/flyio'.length) : '/-';
    const browsed = await browse(request, path);
    if (browsed !== undefined) return page(response, browsed);
    if (has('a slash at the end is sent on') && path.endsWith('/'))
      return page(response, { status: 308, headers: { location: whole.slice(0, -1) } });
    if (
      crowded &&
      ((has('many questions are too many') && request.method === 'GET') || has('many at once are a failure'))
    )
      return end(response, {
        status: has('many at once are a failure') ? 503 : 429,
        body: { error: 'too many' },
      });
    if (body === undefined)
      return end(response, { status: 413, body: { error: 'too large', code: 'too_large' } });
    if (has('unknown paths are pages') && path === '/no-such-path')
      return page(response, { status: 404, text: '<h1>Not found</h1>' });
    const reply = await answer(request, path, body);
    if (has('a refusal has a stack') && reply.status === 422)
      return end(response, { ...reply, body: { ...(reply.body as object), stack: new Error('no').stack } });
    if (has('refusals are pages') && reply.status >= 400)
      return page(response, { status: reply.status, text: '<h1>No</h1>' });
    if (has('pages of others may call')) response.setHeader('access-control-allow-origin', '*');
    return end(response, reply, !has('answers may be stored'));
  };

  const close = await serveAt(port, (request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  return {
    baseUrl,
    triggerUrl: `${origin}/own`,
    async close() {
      hooks.close();
      await close();
    },
  };
}

function end(response: ServerResponse, { status, body }: Reply, unstored = true): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    ...(unstored ? { 'cache-control': 'no-store' } : {}),
  });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

function page(response: ServerResponse, { status, text, headers }: Page): void {
  response.writeHead(status, { 'content-type': 'text/html', ...headers });
  response.end(text ?? '');
}

function cookiesOf(request: IncomingMessage): ReadonlyMap<string, string> {
  const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
  return new Map(pairs.map(([name = '', value = '']) => [name, value]));
}

function blank(): Resource {
  return {
    id: '',
    flyId: undefined,
    organizationId: '',
    userId: '',
    name: '',
    plan: null,
    primaryRegion: null,
    readRegions: [],
    ipAddress: null,
    status: 'ready',
    config: { LOGJAM_URL: 'https://own.logjam.example' },
    madeMs: Date.now(),
    role: 'admin',
    deletedMs: undefined,
  };
}
