import type OAuth2Server from '@node-oauth/oauth2-server';
import { randomText } from '../ids.ts';
import type { Simulation } from '../simulation.ts';
import type { OAuthGrant } from '../world/people.ts';

/** Codes live 600 s and work once, as Doorkeeper's do. */
export const CODE_LIFETIME_SECONDS = 600;

/** The Extensions API page shows 7200. */
export const TOKEN_LIFETIME_SECONDS = 7_200;

/** A refresh token outlives everything that a simulation does. */
export const REFRESH_LIFETIME_SECONDS = 365 * 86_400;

type Model = OAuth2Server.AuthorizationCodeModel & OAuth2Server.RefreshTokenModel;

/**
 * The storage behind the grant rules of @node-oauth/oauth2-server. The library compares expiries with the real clock, so instants are
 * translated from simulated time on the way out and back on the way in.
 */
export function createOAuthModel(simulation: Simulation): Model {
  const { world, clock, settings } = simulation;
  const outward = (ms: number): Date => new Date(ms - clock.offsetMs());
  const inward = (date: Date | undefined): number =>
    (date?.getTime() ?? settings.now().getTime()) + clock.offsetMs();

  const client = (): OAuth2Server.Client => ({
    id: settings.oauth.clientId,
    redirectUris: [...settings.oauth.redirectUris],
    grants: ['authorization_code', 'refresh_token'],
  });

  const tokenOf = (grant: OAuthGrant): OAuth2Server.Token & OAuth2Server.RefreshToken => ({
    accessToken: grant.accessToken,
    accessTokenExpiresAt: outward(grant.expiresAtMs),
    refreshToken: grant.refreshToken,
    refreshTokenExpiresAt: outward(grant.createdAtMs + REFRESH_LIFETIME_SECONDS * 1000),
    scope: grant.scope,
    client: client(),
    user: { id: grant.userId },
  });

  return {
    async getClient(clientId, clientSecret) {
      if (clientId !== settings.oauth.clientId) return false;
      // Without a secret this is the authorize step; the token route insists on one before it asks.
      if (clientSecret && !settings.oauth.clientSecret.equals(clientSecret)) return false;
      return client();
    },
    async generateAccessToken() {
      return `fo1_${randomText(32)}`;
    },
    async generateRefreshToken() {
      return randomText(32);
    },
    async generateAuthorizationCode() {
      return randomText(32);
    },
    async saveAuthorizationCode(code, forClient, user) {
      world.codes.set(code.authorizationCode, {
        code: code.authorizationCode,
        clientId: forClient.id,
        userId: String(user['id']),
        redirectUri: code.redirectUri,
        scope: code.scope ?? ['read'],
        expiresAtMs: inward(code.expiresAt),
        codeChallenge: code.codeChallenge,
        codeChallengeMethod: code.codeChallengeMethod,
      });
      return { ...code, client: forClient, user };
    },
    async getAuthorizationCode(text) {
      const code = world.codes.get(text);
      if (!code) return false;
      return {
        authorizationCode: code.code,
        expiresAt: outward(code.expiresAtMs),
        redirectUri: code.redirectUri,
        scope: code.scope,
        client: client(),
        user: { id: code.userId },
        codeChallenge: code.codeChallenge,
        codeChallengeMethod: code.codeChallengeMethod,
      };
    },
    async revokeAuthorizationCode(code) {
      return world.codes.delete(code.authorizationCode);
    },
    async validateScope(_user, _client, scope) {
      const asked = scope ?? ['read'];
      return asked.length === 1 && asked[0] === 'read' ? asked : false;
    },
    async saveToken(token, forClient, user) {
      const grant: OAuthGrant = {
        accessToken: token.accessToken,
        refreshToken: token.refreshToken ?? randomText(32),
        clientId: forClient.id,
        userId: String(user['id']),
        scope: token.scope ?? ['read'],
        createdAtMs: clock.nowMs(),
        expiresAtMs: inward(token.accessTokenExpiresAt),
      };
      world.grants.set(grant.accessToken, grant);
      return tokenOf(grant);
    },
    async getAccessToken(text) {
      const grant = world.grants.get(text);
      return grant ? tokenOf(grant) : false;
    },
    async getRefreshToken(text) {
      const grant = [...world.grants.values()].find((one) => one.refreshToken === text);
      return grant ? tokenOf(grant) : false;
    },
    async revokeToken(token) {
      const grant = [...world.grants.values()].find((one) => one.refreshToken === token.refreshToken);
      return grant ? world.grants.delete(grant.accessToken) : false;
    },
  };
}
