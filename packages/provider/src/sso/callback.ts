import type { OAuthReason, TokenInfo } from '@hangar/flyio';
import { randomToken, sha256Hex, type Secret } from '@hangar/security';
import { isGone } from '../extension.ts';
import type { Deps } from '../deps.ts';
import type { LoginTarget } from '../ports.ts';
import type { Cookies } from './cookies.ts';
import { accessTokenPlace, introspectionOf } from './logins.ts';
import { pageResponse, type Page } from './pages.ts';
import { notHere, organizationPath, redirect, verifierPlace } from './start.ts';
import { signInAgain, startOver } from './ways-on.ts';

/** A login never outlives the token it came from, nor this (docs/specs/extensions.md#login-lifetime). */
const LONGEST_SECONDS = 7_200;

function startAgain(deps: Deps): Response {
  return pageResponse({
    status: 400,
    title: 'Please start again',
    text: 'This sign-in was already used, took too long, or was begun in another browser.',
    links: startOver('Sign in', deps),
  });
}

/** Names neither the organization nor what it has (docs/specs/extensions.md#sign-on-outcomes), not even in a link. */
function notYours(deps: Deps): Response {
  return pageResponse({
    status: 403,
    title: 'No access',
    text: 'Your account at Fly.io does not belong to the organization that this is for. If you have another one, sign out at Fly.io first.',
    links: startOver('Use another account', deps),
  });
}

/**
 * Finishes a sign-in (docs/specs/extensions.md#sign-on). The state must be this browser's and
 * unused before anything is exchanged; Fly.io says who it is and where they belong; only then is anything
 * written, and the browser goes to a path that we built.
 */
export async function finishSignIn(
  cookies: Cookies,
  request: Request,
  query: string,
  deps: Deps,
): Promise<Response> {
  const params = new URLSearchParams(query);
  const [state = '', ...more] = params.getAll('state');
  if (more.length > 0 || !cookies.holdsAttempt(request.headers, state)) return startAgain(deps);
  const stateHash = sha256Hex(state);
  const attempt = await deps.options.store.logins.take(stateHash, deps.now());
  const answer =
    attempt === undefined
      ? startAgain(deps)
      : await exchange(cookies, request, params, { state, ...attempt }, deps);
  cookies.clearAttempt(answer.headers, state);
  return answer;
}

interface Kept {
  readonly state: string;
  readonly stateHash: string;
  readonly sealedVerifier: Uint8Array;
  readonly target: LoginTarget;
}

async function exchange(
  cookies: Cookies,
  request: Request,
  params: URLSearchParams,
  kept: Kept,
  deps: Deps,
): Promise<Response> {
  const { oauth, sealer } = deps.options;
  const codeVerifier = sealer.openText(kept.sealedVerifier, verifierPlace(kept.stateHash));
  // The token's life is counted from before it was asked for, so that the login cannot outlive it.
  const askedAt = deps.now();
  const tokens = await oauth.exchange(params, { state: kept.state, codeVerifier });
  if (!tokens.ok) return refusedByFly(tokens.reason, kept.target, deps);
  const info = await oauth.introspect(tokens.value.accessToken);
  if (!info.ok) return refusedByFly(info.reason, kept.target, deps);
  const seconds = Math.min(tokens.value.expiresIn, info.value.expires_in, LONGEST_SECONDS);
  const landing = await admit(kept.target, info.value, deps);
  if (landing.tag === 'refused') {
    // Logins of before are not to outlive what was just heard; nothing is made of somebody who was not let in.
    const listed = info.value.organizations.map(({ id }) => id);
    await deps.options.store.accounts.endUnlisted(info.value.user_id, listed, askedAt);
    return landing.response;
  }
  return await signIn(
    cookies,
    request,
    {
      info: info.value,
      accessToken: tokens.value.accessToken,
      askedAt,
      seconds,
      landing,
    },
    deps,
  );
}

type Landing =
  | { readonly tag: 'admitted'; readonly path: string; readonly createOrganization: string | undefined }
  | { readonly tag: 'refused'; readonly response: Response };

/** Whether this person may go where the sign-in leads. */
async function admit(target: LoginTarget, info: TokenInfo, deps: Deps): Promise<Landing> {
  const { store } = deps.options;
  const ids = info.organizations.map((organization) => organization.id);
  switch (target.tag) {
    case 'extension': {
      const extension = await store.extensions.find(target.id);
      if (extension === undefined || isGone(extension)) return { tag: 'refused', response: notHere() };
      if (!ids.includes(extension.organizationId)) return { tag: 'refused', response: notYours(deps) };
      return { tag: 'admitted', path: deps.options.landing(target.id), createOrganization: undefined };
    }
    case 'organization':
      if (!ids.includes(target.id)) return { tag: 'refused', response: notYours(deps) };
      // The Extensions API page lets organizations be made at sign-in; only once Fly.io has listed this one.
      return { tag: 'admitted', path: organizationPath(target.id, deps), createOrganization: target.id };
    case 'path': {
      const known = await store.accounts.knownOrganizations(ids);
      if (known.length === 0) return { tag: 'refused', response: notYours(deps) };
      return { tag: 'admitted', path: target.path, createOrganization: undefined };
    }
  }
}

interface SignIn {
  readonly info: TokenInfo;
  readonly accessToken: Secret;
  readonly askedAt: Date;
  readonly seconds: number;
  readonly landing: Landing & { readonly tag: 'admitted' };
}

/** A login of its own for every sign-in: what the browser brought along is ended, never taken over. */
async function signIn(cookies: Cookies, request: Request, made: SignIn, deps: Deps): Promise<Response> {
  const { store, sealer } = deps.options;
  const token = randomToken();
  const tokenHash = sha256Hex(token);
  const before = cookies.login(request.headers);
  await store.logins.open(
    {
      tokenHash,
      sealedAccessToken: sealer.seal(made.accessToken.reveal(), accessTokenPlace(tokenHash)),
      expiresAt: new Date(made.askedAt.getTime() + made.seconds * 1_000),
      replaces: before === undefined ? undefined : sha256Hex(before),
    },
    introspectionOf(made.info, made.askedAt, made.landing.createOrganization),
  );
  const answer = redirect(made.landing.path);
  cookies.setLogin(answer.headers, token, made.seconds);
  return answer;
}

/** What a person reads when Fly.io, or what it said, did not let them in. Never let in on a doubt. */
function refusedByFly(reason: OAuthReason, target: LoginTarget, deps: Deps): Response {
  deps.log.warn({ reason }, 'a sign-in was refused');
  const links = signInAgain(target, deps);
  const denied: Page = {
    status: 403,
    title: 'Sign-in was refused',
    text: 'Fly.io did not confirm this sign-in.',
    links,
  };
  const broken: Page = {
    status: 502,
    title: 'Sign-in failed at Fly.io',
    text: 'Fly.io could not complete the sign-in.',
    links,
  };
  switch (reason.tag) {
    case 'callback_refused':
      return pageResponse(reason.error === 'access_denied' ? denied : broken);
    case 'callback_malformed':
      return startAgain(deps);
    case 'introspection_refused':
    case 'wrong_application':
    case 'scope_missing':
    case 'subject_mismatch':
    case 'token_expired':
      return pageResponse(denied);
    case 'token_refused':
    case 'token_malformed':
    case 'introspection_malformed':
    case 'unreachable':
      return pageResponse(broken);
  }
}
