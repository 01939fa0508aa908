import * as oauth from 'oauth4webapi';
import { ok, parseStrictJson, refuse, type Result } from '@hangar/http';
import { Secret } from '@hangar/security';
import { OutgoingError, type Outgoing } from '@hangar/security/outgoing';
import { tokenInfo, type TokenInfo } from '../wire/oauth.ts';

/**
 * The key to plain http: only the simulator's loopback address is spoken to without TLS, and only with this
 * in hand.
 */
export const allowPlainHttpToSimulator: unique symbol = Symbol('allow plain http to the simulator');

/** Options of {@link createOAuthClient}. */
export interface OAuthClientOptions {
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** The address registered with Fly.io; sent as it is, both times. */
  readonly redirectUri: string;
  /** `https://api.fly.io`, or the simulator's. */
  readonly apiUrl: string;
  readonly outgoing: Outgoing;
  readonly allowPlainHttp?: typeof allowPlainHttpToSimulator;
}

/** Why a sign-in stopped. For the log; the person reads one sentence. */
export type OAuthReason =
  /** The callback carries an error, such as `access_denied`: the person said no, or Fly.io did. */
  | { readonly tag: 'callback_refused'; readonly error: string }
  /** The callback's state is not this browser's, or its parameters are missing or doubled. */
  | { readonly tag: 'callback_malformed'; readonly detail: string }
  /** Fly.io did not give a token for the code. The code is used up; never repeat. */
  | { readonly tag: 'token_refused'; readonly status: number; readonly error: string }
  | { readonly tag: 'token_malformed'; readonly detail: string }
  /** Introspection said the token is not valid. */
  | { readonly tag: 'introspection_refused'; readonly status: number }
  | { readonly tag: 'introspection_malformed'; readonly detail: string }
  /** No answer, or a 5xx. Never a reason to let somebody in. */
  | { readonly tag: 'unreachable'; readonly detail: string }
  /** The token was made for another client: somebody replays one they got elsewhere. */
  | { readonly tag: 'wrong_application'; readonly uid: string }
  | { readonly tag: 'scope_missing' }
  | { readonly tag: 'subject_mismatch' }
  | { readonly tag: 'token_expired' };

/** What the code was exchanged for. */
export interface OAuthTokens {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
  /** Seconds. */
  readonly expiresIn: number;
}

/** The provider's side of Fly.io's sign-on (docs/specs/extensions.md#sign-on). */
export interface OAuthClient {
  /** Where to send the browser. Scope `read`, PKCE S256. */
  authorizeUrl(o: {
    readonly state: string;
    readonly codeChallenge: string;
    readonly organizationId?: string;
  }): URL;
  /**
   * Checks the callback against the state kept for this browser, and exchanges its code. Call it once per
   * callback.
   */
  exchange(
    callbackParams: URLSearchParams,
    kept: { readonly state: string; readonly codeVerifier: string },
  ): Promise<Result<OAuthTokens, OAuthReason>>;
  /**
   * Who holds the token: `GET /oauth/token/info`. A yes means the token is for this client, has scope `read`,
   * belongs to the person it names and is not over. Membership of the right organization is the caller's to
   * check.
   */
  introspect(accessToken: Secret): Promise<Result<TokenInfo, OAuthReason>>;
}

const LOOPBACK: readonly string[] = ['127.0.0.1', '[::1]', 'localhost'];
const WANTED_SCOPE = 'read';
const TOKEN_TIMEOUT_MS = 10_000;

/**
 * Makes the client.
 * @throws RangeError when `apiUrl` is plain http and the switch is missing, or the host is not this machine.
 */
export function createOAuthClient(options: OAuthClientOptions): OAuthClient {
  const api = new URL(options.apiUrl);
  const plain = api.protocol === 'http:';
  if (plain && (options.allowPlainHttp !== allowPlainHttpToSimulator || !LOOPBACK.includes(api.hostname))) {
    throw new RangeError('OAuth over plain http is only for a simulator on this machine');
  }
  const server: oauth.AuthorizationServer = {
    issuer: api.origin,
    authorization_endpoint: `${api.origin}/oauth/authorize`,
    token_endpoint: `${api.origin}/oauth/token`,
  };
  const client: oauth.Client = { client_id: options.clientId };

  return {
    authorizeUrl({ state, codeChallenge, organizationId }) {
      const url = new URL(`${api.origin}/oauth/authorize`);
      url.searchParams.set('client_id', options.clientId);
      url.searchParams.set('response_type', 'code');
      url.searchParams.set('redirect_uri', options.redirectUri);
      url.searchParams.set('scope', WANTED_SCOPE);
      url.searchParams.set('state', state);
      url.searchParams.set('code_challenge', codeChallenge);
      url.searchParams.set('code_challenge_method', 'S256');
      if (organizationId !== undefined) url.searchParams.set('organization_id', organizationId);
      return url;
    },

    async exchange(callbackParams, kept) {
      let checked: URLSearchParams;
      try {
        checked = oauth.validateAuthResponse(server, client, callbackParams, kept.state);
      } catch (error) {
        if (error instanceof oauth.AuthorizationResponseError) {
          return refuse({ tag: 'callback_refused', error: error.error });
        }
        return refuse({ tag: 'callback_malformed', detail: messageOf(error) });
      }
      if (checked.getAll('code').filter((code) => code !== '').length !== 1) {
        return refuse({ tag: 'callback_malformed', detail: 'not exactly one code' });
      }
      try {
        const answer = await oauth.authorizationCodeGrantRequest(
          server,
          client,
          oauth.ClientSecretPost(options.clientSecret.reveal()),
          checked,
          options.redirectUri,
          kept.codeVerifier,
          {
            [oauth.customFetch]: (url, init) => options.outgoing.fetch(url, init),
            [oauth.allowInsecureRequests]: plain,
            signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS),
          },
        );
        if (answer.status >= 500)
          return refuse({ tag: 'unreachable', detail: `the token endpoint answered ${answer.status}` });
        const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer);
        return readTokens(tokens);
      } catch (error) {
        return refuse(tokenReason(error));
      }
    },

    async introspect(accessToken) {
      try {
        const answer = await options.outgoing.send({
          method: 'GET',
          url: `${api.origin}/oauth/token/info`,
          headers: { authorization: `Bearer ${accessToken.reveal()}`, accept: 'application/json' },
          timeoutMs: TOKEN_TIMEOUT_MS,
        });
        if (answer.status >= 500)
          return refuse({ tag: 'unreachable', detail: `introspection answered ${answer.status}` });
        if (answer.status !== 200) return refuse({ tag: 'introspection_refused', status: answer.status });
        return readInfo(answer.body, options.clientId);
      } catch (error) {
        return refuse({ tag: 'unreachable', detail: messageOf(error) });
      }
    },
  };
}

function readTokens(tokens: oauth.TokenEndpointResponse): Result<OAuthTokens, OAuthReason> {
  if (tokens.expires_in === undefined || tokens.expires_in <= 0) {
    return refuse({ tag: 'token_malformed', detail: 'no lifetime' });
  }
  return ok({
    accessToken: Secret.of(tokens.access_token),
    refreshToken: tokens.refresh_token === undefined ? undefined : Secret.of(tokens.refresh_token),
    expiresIn: tokens.expires_in,
  });
}

function readInfo(body: Uint8Array, clientId: string): Result<TokenInfo, OAuthReason> {
  const json = parseStrictJson(body);
  if (!json.ok) return refuse({ tag: 'introspection_malformed', detail: json.reason.tag });
  const read = tokenInfo.safeParse(json.value);
  if (!read.success) {
    const detail = read.error.issues.map((issue) => issue.path.join('.')).join(', ');
    return refuse({ tag: 'introspection_malformed', detail });
  }
  const info = read.data;
  if (info.application.uid !== clientId)
    return refuse({ tag: 'wrong_application', uid: info.application.uid });
  if (!info.scope.includes(WANTED_SCOPE)) return refuse({ tag: 'scope_missing' });
  if (info.resource_owner_id !== info.user_id) return refuse({ tag: 'subject_mismatch' });
  if (info.expires_in <= 0) return refuse({ tag: 'token_expired' });
  return ok(info);
}

function tokenReason(error: unknown): OAuthReason {
  if (error instanceof oauth.ResponseBodyError) {
    return { tag: 'token_refused', status: error.status, error: error.error };
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return { tag: 'token_refused', status: error.status, error: 'invalid_client' };
  }
  if (error instanceof OutgoingError) return { tag: 'unreachable', detail: error.message };
  if (error instanceof oauth.OperationProcessingError && error.cause instanceof OutgoingError) {
    return { tag: 'unreachable', detail: error.cause.message };
  }
  return { tag: 'token_malformed', detail: messageOf(error) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'an unknown error';
}
