import { createPkcePair } from '@hangar/flyio';
import { randomToken, sha256Hex } from '@hangar/security';
import { isGone } from '../extension.ts';
import type { Deps } from '../deps.ts';
import type { LoginTarget } from '../ports.ts';
import type { Cookies } from './cookies.ts';
import type { Login, Logins } from './logins.ts';
import { browserHeaders, pageResponse } from './pages.ts';
import { safeReturnPath } from './return-path.ts';
import { createStartLimit } from './start-limit.ts';
import { HOME, ONLY_HOME, signInAgain } from './ways-on.ts';

/** How long a person may take at Fly.io. */
const ATTEMPT_SECONDS = 600;

/** Binds a sealed PKCE verifier to its attempt. */
export function verifierPlace(stateHash: string): string {
  return `login_attempts.sealed_verifier:${stateHash}`;
}

/** The three ways into a sign-in; `from` is the visitor's address, if the host knows it. */
export interface SignInStart {
  /** From `GET {base}/extensions/{id}/sso` (docs/specs/extensions.md#sign-on). */
  extension(request: Request, id: string, from: string | undefined): Promise<Response>;
  /** From `GET {base}/organizations/{id}/sso` (docs/specs/extensions.md#organization-link). */
  organization(request: Request, id: string, from: string | undefined): Promise<Response>;
  /** From our own pages, to come back to one of them. */
  path(request: Request, returnTo: string | undefined, from: string | undefined): Promise<Response>;
}

/** Starts sign-ins. Nothing but the attempt is written before Fly.io has said who it is. */
export function createSignInStart(cookies: Cookies, logins: Logins, deps: Deps): SignInStart {
  const { options } = deps;

  const limit = createStartLimit(deps.now);

  const begin = async (
    target: LoginTarget,
    from: string | undefined,
    organizationId?: string,
  ): Promise<Response> => {
    const wait = limit.exceeded(from);
    if (wait !== undefined) return tooMany(target, wait, deps);
    const state = randomToken();
    const stateHash = sha256Hex(state);
    const { codeVerifier, codeChallenge } = createPkcePair();
    await options.store.logins.begin({
      stateHash,
      sealedVerifier: options.sealer.seal(codeVerifier, verifierPlace(stateHash)),
      target,
      expiresAt: new Date(deps.now().getTime() + ATTEMPT_SECONDS * 1_000),
    });
    const at = options.oauth.authorizeUrl({
      state,
      codeChallenge,
      organizationId,
    });
    const answer = redirect(at.href);
    cookies.setAttempt(answer.headers, state, ATTEMPT_SECONDS);
    return answer;
  };

  return {
    async extension(request, id, from) {
      const extension = await options.store.extensions.find(id);
      if (extension === undefined || isGone(extension)) return notHere();
      const login = await logins.identify(request);
      // Somebody of another organization signs in anew instead of being let in or turned away.
      if (belongs(login, extension.organizationId)) return redirect(options.landing(id));
      return await begin({ tag: 'extension', id }, from, extension.organizationId);
    },
    async organization(request, id, from) {
      const login = await logins.identify(request);
      if (belongs(login, id)) return redirect(organizationPath(id, deps));
      return await begin({ tag: 'organization', id }, from, id);
    },
    async path(request, returnTo, from) {
      const path = safeReturnPath(returnTo, options.returnPaths ?? ['/', '/extensions/']) ?? HOME;
      const login = await logins.identify(request);
      return login === undefined ? await begin({ tag: 'path', path }, from) : redirect(path);
    },
  };
}

/** Path of an organization's overview. */
export function organizationPath(id: string, deps: Deps): string {
  return deps.options.organizationLanding?.(id) ?? HOME;
}

/** Sends the browser on, and tells nobody where it came from. */
export function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { ...browserHeaders, location } });
}

/** Unknown, deleted, or never there: one page for all. */
export function notHere(): Response {
  return pageResponse({
    status: 404,
    title: 'Nothing here',
    text: 'This does not exist, or it was deleted.',
    links: ONLY_HOME,
  });
}

function tooMany(target: LoginTarget, seconds: number, deps: Deps): Response {
  const answer = pageResponse({
    status: 429,
    title: 'Too many sign-ins',
    text: 'Too many sign-ins were started from your address. Please wait a minute.',
    links: signInAgain(target, deps),
  });
  answer.headers.set('retry-after', String(seconds));
  return answer;
}

function belongs(login: Login | undefined, organizationId: string): boolean {
  return login?.memberships.some((membership) => membership.organizationId === organizationId) ?? false;
}
