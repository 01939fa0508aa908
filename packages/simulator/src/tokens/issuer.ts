import { encodeToken, LOCATIONS, mint, type ActionMask, type Caveat, type Macaroon } from '@hangar/macaroon';
import type { Simulation } from '../simulation.ts';
import { rootKey } from '../world/world.ts';

/** Tells tokens of this issuer from any other text that might be signed with the same key one day. */
const keyId = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1]);

/** What a token of the simulated Fly.io is restricted to. */
export interface Restrictions {
  /** Internal number of the organization. */
  readonly organization: number;
  /** Internal numbers of apps; absent means all of the organization. */
  readonly apps?: readonly number[];
  readonly actions: ActionMask;
  readonly expiresAtMs: number;
}

/** Mints a macaroon as Fly.io does, for its own permission location and under the root key of this world. */
export function mintToken(simulation: Simulation, restrictions: Restrictions): string {
  const { actions } = restrictions;
  const caveats: Caveat[] = [
    { type: 'Organization', id: BigInt(restrictions.organization), mask: actions },
    {
      type: 'ValidityWindow',
      notBefore: Math.floor(simulation.clock.nowMs() / 1000),
      notAfter: Math.floor(restrictions.expiresAtMs / 1000),
    },
  ];
  if (restrictions.apps) {
    caveats.push({
      type: 'Apps',
      apps: new Map(restrictions.apps.map((number) => [BigInt(number), actions])),
    });
  }
  return encodeToken(signToken(simulation, caveats));
}

/** A macaroon with those caveats, for Fly.io's permission location and under the root key of this world. */
export function signToken(simulation: Simulation, caveats: readonly Caveat[]): Macaroon {
  return mint({ key: rootKey(simulation.world), keyId, location: LOCATIONS.permission, caveats });
}
