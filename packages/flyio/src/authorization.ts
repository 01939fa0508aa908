import type { Secret } from '@hangar/security';

const SCHEME_WORD = /^\s*(?:bearer|flyv1)\s+/i;
const MACAROON_PREFIX = /^fm(?:1r|1a|2)_/;

/**
 * The tokens inside an `Authorization` value or a token variable: scheme words dropped, split at commas,
 * trimmed.
 */
export function splitTokens(text: string): readonly string[] {
  let rest = text;
  while (SCHEME_WORD.test(rest)) rest = rest.replace(SCHEME_WORD, '');
  return rest
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
}

/** Whether a token is a macaroon, by its prefix; everything else is an OAuth token. */
export function isMacaroonToken(token: string): boolean {
  return MACAROON_PREFIX.test(token);
}

/**
 * The `Authorization` value for a token as people store it, with or without a scheme word. The scheme follows
 * from the tokens as in fly-go: `FlyV1` and only the macaroons when there is one, else `Bearer`.
 */
export function authorizationFor(token: Secret): string {
  const tokens = splitTokens(token.reveal());
  const macaroons = tokens.filter(isMacaroonToken);
  return macaroons.length > 0 ? `FlyV1 ${macaroons.join(',')}` : `Bearer ${tokens.join(',')}`;
}
