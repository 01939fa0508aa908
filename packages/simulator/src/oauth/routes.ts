import OAuth2Server from '@node-oauth/oauth2-server';
import { Hono, type Context } from 'hono';
import type { Simulation } from '../simulation.ts';
import {
  CODE_LIFETIME_SECONDS,
  createOAuthModel,
  REFRESH_LIFETIME_SECONDS,
  TOKEN_LIFETIME_SECONDS,
} from './model.ts';
import { pagePolicy } from '../page.ts';
import { pickerPage } from './page.ts';

/**
 * Fly.io's OAuth provider (docs/specs/platform.md#oauth): authorization code with optional PKCE, refresh,
 * introspection.
 */
export function oauthRoutes(simulation: Simulation): Hono {
  const { world, clock, settings } = simulation;
  const server = new OAuth2Server({ model: createOAuthModel(simulation) });
  const routes = new Hono({ strict: false });

  /** Why a request cannot even be answered by a redirect, because whose it is cannot be told. */
  const untrusted = (query: URLSearchParams): string | undefined => {
    if (query.get('client_id') !== settings.oauth.clientId)
      return 'Client authentication failed due to unknown client.';
    if (!settings.oauth.redirectUris.includes(query.get('redirect_uri') ?? '')) {
      return "The requested redirect uri is malformed or doesn't match client redirect URI.";
    }
    return undefined;
  };

  routes.get('/oauth/authorize', (c) => {
    const query = new URL(c.req.url).searchParams;
    const reason = untrusted(query);
    if (reason !== undefined) return c.text(reason, 400);
    if (query.get('response_type') !== 'code') return back(c, query, { error: 'unsupported_response_type' });
    c.header('cache-control', 'no-store');
    c.header('content-security-policy', `${pagePolicy}; form-action *`);
    return c.html(pickerPage(simulation, query) as string);
  });

  routes.post('/oauth/authorize', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const reason = untrusted(form);
    if (reason !== undefined) return c.text(reason, 400);
    if (form.get('deny') !== null) {
      return back(c, form, {
        error: 'access_denied',
        error_description: 'The resource owner or authorization server denied the request.',
      });
    }
    const user = world.users.get(form.get('user_id') ?? '');
    if (!user) return c.text('There is no such user.', 400);
    const response = new OAuth2Server.Response({});
    try {
      await server.authorize(requestOf(c, form), response, {
        authenticateHandler: { handle: async () => ({ id: user.id }) },
        authorizationCodeLifetime: CODE_LIFETIME_SECONDS,
        allowEmptyState: true,
      });
    } catch (error) {
      if (!(error instanceof OAuth2Server.OAuthError)) throw error;
      return back(c, form, { error: error.name, error_description: error.message });
    }
    return c.redirect(response.get('location') ?? '/', 302);
  });

  routes.post('/oauth/token', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    // With PKCE the library would do without the secret; Fly.io's client is a confidential one.
    if (!form.get('client_secret') && c.req.header('authorization') === undefined) return invalidClient(c);
    const response = new OAuth2Server.Response({});
    try {
      const token = await server.token(requestOf(c, form), response, {
        accessTokenLifetime: TOKEN_LIFETIME_SECONDS,
        refreshTokenLifetime: REFRESH_LIFETIME_SECONDS,
      });
      c.header('cache-control', 'no-store');
      c.header('pragma', 'no-cache');
      return c.json({
        access_token: token.accessToken,
        token_type: 'Bearer',
        expires_in: TOKEN_LIFETIME_SECONDS,
        refresh_token: token.refreshToken,
        scope: (token.scope ?? ['read']).join(' '),
        created_at: Math.floor(clock.nowMs() / 1000),
      });
    } catch (error) {
      if (!(error instanceof OAuth2Server.OAuthError)) throw error;
      if (error.name === 'invalid_client') return invalidClient(c);
      return c.json({ error: error.name, error_description: error.message }, error.code === 500 ? 500 : 400);
    }
  });

  routes.get('/oauth/token/info', (c) => {
    const text = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    const grant = world.grants.get(text);
    const user = grant && world.users.get(grant.userId);
    if (!grant || !user || grant.expiresAtMs <= clock.nowMs()) {
      const description = 'The access token is invalid';
      c.header(
        'www-authenticate',
        `Bearer realm="Doorkeeper", error="invalid_token", error_description="${description}"`,
      );
      return c.json({ error: 'invalid_token', error_description: description, state: 'unauthorized' }, 401);
    }
    c.header('cache-control', 'no-store');
    return c.json({
      resource_owner_id: user.id,
      user_id: user.id,
      user_name: user.name,
      email: user.email,
      organizations: [...user.roles].map(([id, role]) => ({ id, role })),
      scope: grant.scope,
      expires_in: Math.ceil((grant.expiresAtMs - clock.nowMs()) / 1000),
      application: { uid: grant.clientId },
      created_at: Math.floor(grant.createdAtMs / 1000),
    });
  });
  return routes;
}

function requestOf(c: Context, form: URLSearchParams): OAuth2Server.Request {
  return new OAuth2Server.Request({
    method: c.req.method,
    headers: c.req.header(),
    query: {},
    body: Object.fromEntries(form),
  });
}

/** Sends the browser back to the client with an error and the client's own state. */
function back(c: Context, query: URLSearchParams, answer: Record<string, string>): Response {
  const url = new URL(query.get('redirect_uri') ?? '');
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  const state = query.get('state');
  if (state !== null) url.searchParams.set('state', state);
  return c.redirect(url.toString(), 302);
}

function invalidClient(c: Context): Response {
  const error_description =
    'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.';
  return c.json({ error: 'invalid_client', error_description }, 401);
}
