import type { Access } from '../clear/access.ts';
import type { Bundle } from '../format/header.ts';
import type { Macaroon } from '../format/macaroon.ts';
import type { BundleToken } from './token.ts';
import { Action } from '../caveats/action.ts';
import { everyCaveat, type CaveatType } from '../caveats/caveat.ts';
import { clear } from '../clear/clear.ts';
import type { PrivateCaveats } from '../caveats/private.ts';
import { organizationScope } from '../clear/scope.ts';
import { ticketsOf } from '../verify/third-party.ts';

/** What a filter can ask about the tokens beside the one it judges. */
export interface FilteredBundle extends Bundle {
  /** Whether some permission token of the bundle asks for this discharge. */
  wants(discharge: Macaroon): boolean;
  dischargesFor(ticket: Uint8Array): readonly Macaroon[];
  select(filter: BundleFilter): FilteredBundle;
}

/** Says which tokens of a bundle to keep. Filters never reorder. */
export type BundleFilter = (token: BundleToken, bundle: FilteredBundle) => boolean;

/** What a header is worth passing on with: everything but damaged tokens and discharges that nobody here asks for. */
export const keepUseful: BundleFilter = (token, bundle) => {
  if (token.kind === 'malformed') return false;
  return token.kind !== 'discharge' || bundle.wants(token.macaroon);
};

/** Tokens of one kind. */
export function ofKind(kind: BundleToken['kind']): BundleFilter {
  return (token) => token.kind === kind;
}

/** Macaroons for one location. */
export function atLocation(location: string): BundleFilter {
  return (token) => 'macaroon' in token && token.macaroon.location === location;
}

/** Macaroons with a caveat of one type, nested or not, verified or not. */
export function withCaveat(type: CaveatType): BundleFilter {
  return (token) =>
    'macaroon' in token && [...everyCaveat(token.macaroon.caveats)].some((caveat) => caveat.type === type);
}

/** Verified permission tokens that allow all of this. */
export function allowing<Facts>(
  access: Access<NoInfer<Facts>> | readonly Access<NoInfer<Facts>>[],
  registry?: PrivateCaveats<Facts>,
): BundleFilter {
  return (token) =>
    token.kind === 'permission' &&
    token.state.tag === 'verified' &&
    clear(token.state.verified, access, registry).ok;
}

/** Verified permission tokens that mean something in this organization at this moment. */
export function forOrganization(orgId: bigint, now: Date, registry?: PrivateCaveats): BundleFilter {
  return allowing({ action: Action.none, orgId, now }, registry);
}

/** Permission tokens that say they are about this organization; nothing is verified. */
export function claimingOrganization(orgId: bigint): BundleFilter {
  return (token) => {
    if (token.kind !== 'permission') return false;
    const scope = organizationScope(token.macaroon.caveats);
    return scope.ok && scope.value === orgId;
  };
}

/** Permission tokens that ask this third party for a discharge which is not here. */
export function missingDischarge(location: string): BundleFilter {
  return (token, bundle) =>
    token.kind === 'permission' &&
    ticketsOf(token.macaroon).some(
      (caveat) => caveat.location === location && bundle.dischargesFor(caveat.ticket).length === 0,
    );
}

/** What a filter keeps, plus the discharges that the kept permission tokens ask for. */
export function withDischarges(filter: BundleFilter): BundleFilter {
  // The kept tokens of a bundle are the same for each of its discharges.
  const kept = new WeakMap<FilteredBundle, FilteredBundle>();
  return (token, bundle) => {
    if (filter(token, bundle)) return true;
    if (token.kind !== 'discharge') return false;
    let permission = kept.get(bundle);
    if (permission === undefined) {
      permission = bundle.select((other) => other.kind === 'permission' && filter(other, bundle));
      kept.set(bundle, permission);
    }
    return permission.wants(token.macaroon);
  };
}

/** What all filters keep. */
export function allOf(...filters: readonly BundleFilter[]): BundleFilter {
  return (token, bundle) => filters.every((filter) => filter(token, bundle));
}

/** What any filter keeps. */
export function anyOf(...filters: readonly BundleFilter[]): BundleFilter {
  return (token, bundle) => filters.some((filter) => filter(token, bundle));
}

/** What a filter does not keep. */
export function not(filter: BundleFilter): BundleFilter {
  return (token, bundle) => !filter(token, bundle);
}
