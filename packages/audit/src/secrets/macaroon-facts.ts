import {
  appScope,
  decodeToken,
  effectiveExpiry,
  LOCATIONS,
  type Macaroon,
  thirdPartyCaveats,
} from '@hangar/macaroon';
import { sha256Hex } from '@hangar/security';

/** What a token says about itself. None of it repeats the token. */
export interface TokenFacts {
  readonly role: 'permission' | 'discharge';
  /** Its end in Unix seconds; undefined for one that never ends. */
  readonly expiry: number | undefined;
  /** It works on every app of its organization. */
  readonly organizationWide: boolean;
  /** Somebody has to agree first. */
  readonly needsDischarge: boolean;
  /** Links two places that hold the same token. */
  readonly digest: string;
}

const DISCHARGES: readonly string[] = [LOCATIONS.authentication, LOCATIONS.newAuthentication];

/** Reads a token by its own text; undefined for what only looks like one, `cut` for one without its end. */
export function tokenFacts(text: string): TokenFacts | 'cut' | undefined {
  const decoded = decodeToken(text);
  if (decoded.ok) return factsOf(decoded.value, text);
  return decoded.reason.tag === 'truncated' ? 'cut' : undefined;
}

function factsOf(macaroon: Macaroon, text: string): TokenFacts {
  const { caveats } = macaroon;
  const end = effectiveExpiry([macaroon]);
  const role = DISCHARGES.includes(macaroon.location) ? 'discharge' : 'permission';
  return {
    role,
    expiry: end,
    organizationWide: role === 'permission' && appScope(caveats) === undefined,
    needsDischarge: thirdPartyCaveats(caveats).length > 0,
    digest: digestOf(text),
  };
}

/** Eight characters that tell one secret from another, and nothing else about it. */
export function digestOf(secret: string): string {
  return sha256Hex(secret).slice(0, 8);
}
