import { randomBytes } from 'node:crypto';
import { CLIENT_ID, SECRETS } from '../running.ts';
import type { Has } from './faults.ts';
import type { Shop } from './resources.ts';

/** What a browser is answered with. */
export interface Page {
  readonly status: number;
  readonly text?: string;
  readonly headers?: Record<string, string | string[]>;
}

interface Attempt {
  readonly target: { readonly extension?: string | undefined; readonly organization?: string | undefined };
  readonly returnTo: string | undefined;
}

interface Login {
  readonly userId: string;
  readonly name: string;
  organizations: string[];
}

export interface SignOn {
  start(target: Attempt['target'], query: URLSearchParams, cookies: ReadonlyMap<string, string>): Page;
  callback(query: URLSearchParams, cookies: ReadonlyMap<string, string>): Promise<Page>;
  page(id: string, cookies: ReadonlyMap<string, string>): Page;
}

const TIMEOUT_MS = 3_000;
const fresh = (): string => randomBytes(24).toString('base64url');
const CONSTANT_STATE = 'always-the-same-state';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function createSignOn(options: {
  flyUrl: string;
  origin: string;
  baseUrl: string;
  shop: Shop;
  has: Has;
}): SignOn {
  const { flyUrl, origin, baseUrl, shop, has } = options;
  const attempts = new Map<string, Attempt>();
  const logins = new Map<string, Login>();
  const callbackUrl = `${baseUrl}/callback`;
  const flags = `Path=/; SameSite=Lax${has('scripts can read the cookie') ? '' : '; HttpOnly'}`;
  const refused = (status: number): Page => ({
    status,
    text: 'No access',
    headers: { 'content-type': 'text/html' },
  });

  const ownerOf = (target: Attempt['target']): string | undefined =>
    target.organization ?? shop.get(target.extension ?? '')?.organizationId;
  const landing = (target: Attempt['target']): string =>
    target.extension === undefined || has('everybody lands on the front page')
      ? `${origin}/`
      : `${origin}/drains/${target.extension}`;
  const loginOf = (cookies: ReadonlyMap<string, string>): Login | undefined =>
    logins.get(cookies.get('plain') ?? '');

  const introspect = async (token: string): Promise<Record<string, unknown> | undefined> => {
    const inAddress = has('the token stands in the address');
    const answer = await fetch(`${flyUrl}/oauth/token/info${inAddress ? `?access_token=${token}` : ''}`, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) return undefined;
    return (await answer.json()) as Record<string, unknown>;
  };

  const admit = (info: Record<string, unknown>, target: Attempt['target']): Login | undefined => {
    const {
      organizations,
      application,
      scope,
      resource_owner_id: owner,
      user_id: user,
      expires_in: left,
    } = info;
    const everywhere =
      organizations === undefined || (Array.isArray(organizations) && organizations.length === 0);
    const ids = Array.isArray(organizations)
      ? organizations.map((one) => String((one as { id: unknown }).id))
      : [];
    const roles = Array.isArray(organizations)
      ? organizations.map((one) => (one as { role: unknown }).role)
      : [];
    const client = (application as { uid?: unknown } | undefined)?.uid;
    if (client !== CLIENT_ID && !has('the client of a token is not looked at')) return undefined;
    if (!(Array.isArray(scope) && scope.includes('read')) && !has('the scope of a token is not looked at'))
      return undefined;
    if (owner !== user || typeof user !== 'string' || !(Number(left) > 0)) return undefined;
    const wanted = ownerOf(target) ?? '';
    // Whoever Fly.io no longer lists is out, wherever they were in.
    if (!has('a membership is for ever'))
      for (const login of logins.values())
        if (login.userId === user)
          login.organizations = login.organizations.filter((one) => ids.includes(one));
    const open =
      has('the organization is not looked at') ||
      (everywhere && has('no organizations are all')) ||
      (target.organization !== undefined && has('the link of an organization lets everybody in'));
    if (!ids.includes(wanted) && !open) return undefined;
    if (has('members are refused') && roles[ids.indexOf(wanted)] !== 'admin') return undefined;
    return { userId: user, name: String(info['user_name']), organizations: open ? [...ids, wanted] : ids };
  };

  return {
    start(target, query, cookies) {
      const unknown =
        target.extension !== undefined &&
        (shop.get(target.extension)?.deletedMs !== undefined || !shop.has(target.extension));
      if (unknown && !has('an unknown link leads to Fly.io')) return refused(404);
      if (has('the link is a page'))
        return { status: 200, text: 'Sign in', headers: { 'content-type': 'text/html' } };
      const login = loginOf(cookies);
      const belongs = login?.organizations.includes(ownerOf(target) ?? '') ?? false;
      if (
        login !== undefined &&
        (belongs || has('who is in is in everywhere')) &&
        !has('nobody is remembered')
      )
        return { status: 302, headers: { location: landing(target) } };
      const state = has('the state is always the same') ? CONSTANT_STATE : fresh();
      attempts.set(state, { target, returnTo: query.get('return_to') ?? undefined });
      const at = new URLSearchParams({
        client_id: CLIENT_ID,
        response_type: 'code',
        redirect_uri: callbackUrl,
        scope: has('the scope is everything') ? 'read write' : 'read',
        state,
      });
      return {
        status: 302,
        headers: {
          location: `${flyUrl}/oauth/authorize?${at}`,
          'set-cookie': `plain-attempt=${state}; ${flags}`,
        },
      };
    },
    async callback(query, cookies) {
      const state = query.get('state') ?? '';
      const attempt = attempts.get(state);
      if (has('any state is accepted') && attempt === undefined)
        return {
          status: 302,
          headers: { location: `${origin}/`, 'set-cookie': `plain=${fresh()}; ${flags}` },
        };
      const foreign = cookies.get('plain-attempt') !== state && !has('a state is not the browser’s');
      if (attempt === undefined || foreign) return refused(400);
      if (!has('a state is good for ever')) attempts.delete(state);
      if (query.has('error')) return refused(has('a no is a failure') ? 500 : 403);
      try {
        const form = new URLSearchParams({
          client_id: CLIENT_ID,
          client_secret: SECRETS.oauth,
          grant_type: 'authorization_code',
          code: query.get('code') ?? '',
          ...(has('the exchange lacks its redirect address') ? {} : { redirect_uri: callbackUrl }),
        });
        const tokens = await fetch(`${flyUrl}/oauth/token`, {
          method: 'POST',
          body: form,
          redirect: 'manual',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        const known = tokens.ok
          ? ((await tokens.json()) as { access_token: string }).access_token
          : undefined;
        if (known === undefined && !(has('a state is good for ever') && logins.size > 0)) return refused(502);
        if (known === undefined) return { status: 302, headers: { location: landing(attempt.target) } };
        const info = await introspect(known);
        const login = info === undefined ? undefined : admit(info, attempt.target);
        if (login === undefined) {
          if (!(has('an introspection that fails lets in') && info === undefined)) return refused(403);
          return letIn(
            { userId: 'nobody', name: '', organizations: [ownerOf(attempt.target) ?? ''] },
            attempt,
          );
        }
        return letIn(login, attempt);
      } catch {
        return refused(502);
      }
    },
    page(id, cookies) {
      const login = loginOf(cookies);
      const owner = shop.get(id)?.organizationId;
      if (login === undefined || owner === undefined || !login.organizations.includes(owner))
        return refused(403);
      const name = has('names are markup') ? login.name : escaped(login.name);
      return { status: 200, text: `<p>Drain ${id} of ${name}</p>`, headers: { 'content-type': 'text/html' } };
    },
  };

  function letIn(login: Login, attempt: Attempt): Page {
    const token = has('the login is the user') ? login.userId : fresh();
    logins.set(token, login);
    const away = has('return_to leads anywhere') ? attempt.returnTo : undefined;
    const kept = has('a state is good for ever') ? [] : [`plain-attempt=; Max-Age=0; ${flags}`];
    const cookies = [`plain=${token}; ${flags}`, ...kept];
    return { status: 302, headers: { location: away ?? landing(attempt.target), 'set-cookie': cookies } };
  }
}
