import type { FetchDischargesOptions } from '@hangar/authority';
import { LOCATIONS } from '@hangar/macaroon';

/** Fly.io's own third parties, by the exact locations that its tokens name. */
export const FLY_THIRD_PARTIES: readonly string[] = [LOCATIONS.authentication, LOCATIONS.newAuthentication];

/** The OAuth tokens of a bundle: somebody's login at Fly.io. */
export function oauthTokens(others: readonly string[]): readonly string[] {
  return others.filter((token) => token.startsWith('fo1_'));
}

/**
 * The OAuth tokens of a bundle as credentials for the exact origins of Fly.io's own third parties. Nobody else may see
 * them: they are a login, and the location of a caveat is written by whoever narrowed the token
 * (docs/specs/token-format.md#keeping-discharges-fresh).
 */
export function credentialsForFlyThirdParties(
  others: readonly string[],
): Pick<FetchDischargesOptions, 'credentials'> {
  const oauth = oauthTokens(others);
  if (oauth.length === 0) return {};
  const origins = FLY_THIRD_PARTIES.map((location) => new URL(location).origin);
  return { credentials: new Map(origins.map((origin) => [origin, `Bearer ${oauth.join(',')}`])) };
}
