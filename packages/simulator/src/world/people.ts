/** A Fly.io organization. `number` is its internal numeric id, the one that macaroons name. */
export interface Organization {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly number: number;
}

/** A Fly.io user with the role in each organization, by organization id. */
export interface User {
  readonly id: string;
  readonly name: string;
  /** The routing alias, never the real address (docs/specs/extensions.md#accounts). */
  readonly email: string;
  readonly roles: ReadonlyMap<string, 'admin' | 'member'>;
}

/** An authorization code that waits to be exchanged. */
export interface OAuthCode {
  code: string;
  clientId: string;
  userId: string;
  redirectUri: string;
  scope: string[];
  expiresAtMs: number;
  codeChallenge?: string;
  codeChallengeMethod?: string;
}

/** An access token with its refresh token. */
export interface OAuthGrant {
  accessToken: string;
  refreshToken: string;
  clientId: string;
  userId: string;
  scope: string[];
  createdAtMs: number;
  expiresAtMs: number;
}
