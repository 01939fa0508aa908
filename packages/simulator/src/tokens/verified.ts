import { LOCATIONS, parseBundle, tokenId, verify, type Verified } from '@hangar/macaroon';
import { isLoopbackLocation } from '../discharge/location.ts';
import type { Simulation } from '../simulation.ts';
import { rootKey, ticketKey } from '../world/world.ts';

/** The permission tokens of a header that are genuine, and what is wrong with the others. */
export interface VerifiedBundle {
  readonly verified: readonly Verified[];
  /** Ids of tokens that only lack a discharge. */
  readonly undischarged: readonly string[];
}

/**
 * Verifies every permission macaroon of a header against the root key of this world; a revoked one, or what was narrowed
 * from it, is not genuine any more. Expiry is left to clearing.
 */
export function verifyHeader(simulation: Simulation, header: string): VerifiedBundle {
  const bundle = parseBundle(header, LOCATIONS.permission);
  if (!bundle.ok) return { verified: [], undischarged: [] };
  const verified: Verified[] = [];
  const undischarged: string[] = [];
  const { world } = simulation;
  const { limitedTokens } = world;
  const trusted = new Map(
    [
      LOCATIONS.authentication,
      LOCATIONS.newAuthentication,
      // The third party is this very process there as well: what it discharged was sealed under the same key.
      ...bundle.value.discharges.map((one) => one.location).filter(isLoopbackLocation),
    ].map((at) => [at, [ticketKey(world)]]),
  );
  const revoked = new Set(
    [...limitedTokens.values()].flatMap((one) => (one.revokedAtMs === undefined ? [] : [one.tokenId])),
  );
  for (const macaroon of bundle.value.permission) {
    if (revoked.has(tokenId(macaroon))) continue;
    const verdict = verify(macaroon, { key: rootKey(world), discharges: bundle.value.discharges, trusted });
    if (verdict.ok) verified.push(verdict.value);
    else if (verdict.reason.tag === 'missing_discharge') undischarged.push(tokenId(macaroon));
  }
  return { verified, undischarged };
}

/** What Fly.io says when every token of a header waits for a third party. */
export function undischargedSentence(ids: readonly string[]): string {
  const each = ids.map((id) => `token ${id}: missing third-party discharge token`).join('; ');
  return `verify: invalid token: all tokens missing third-party discharge tokens; no verified tokens; ${each}`;
}
