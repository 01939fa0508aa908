import type { Access } from './access.ts';
import { Action, type ActionMask } from '../caveats/action.ts';
import { everyCaveat, type Caveat } from '../caveats/caveat.ts';
import { clear } from './clear.ts';
import { evaluate } from './evaluate.ts';
import type { PrivateCaveats } from '../caveats/private.ts';
import { ok, refuse, type Result } from '../result.ts';

/** Why a token has no organization scope: it names none, or several that exclude each other. */
export type ScopeReason = { readonly tag: 'no_organization' } | { readonly tag: 'contradiction' };

/** The moment plays no part in a scope. */
const ANY_TIME = new Date(0);

/**
 * The organization that a token is about (docs/specs/token-format.md#scope). Says where to look, not what is allowed.
 */
export function organizationScope(caveats: readonly Caveat[]): Result<bigint, ScopeReason> {
  const found = [...everyCaveat(caveats)].filter((caveat) => caveat.type === 'Organization');
  const first = found[0];
  if (first === undefined) return refuse({ tag: 'no_organization' });
  return clears(found, { orgId: first.id }) ? ok(first.id) : refuse({ tag: 'contradiction' });
}

/**
 * The apps that a token is about, ascending; undefined when it is not confined to apps
 * (docs/specs/token-format.md#scope).
 */
export function appScope(caveats: readonly Caveat[]): readonly bigint[] | undefined {
  const found = [...everyCaveat(caveats)].filter((caveat) => caveat.type === 'Apps');
  if (found.length === 0) return undefined;
  const named = new Set(found.flatMap((caveat) => [...(caveat.apps?.keys() ?? [])]));
  const apps = [...named].filter((appId) => clears(found, { appId }));
  if (apps.includes(0n)) return undefined;
  return apps.sort((a, b) => (a < b ? -1 : 1));
}

/**
 * The LiteFS clusters that a token is about; undefined when it is not confined to clusters
 * (docs/specs/token-format.md#scope).
 */
export function clusterScope(caveats: readonly Caveat[]): readonly string[] | undefined {
  const found = [...everyCaveat(caveats)].filter((caveat) => caveat.type === 'Clusters');
  if (found.length === 0) return undefined;
  const named = new Set(found.flatMap((caveat) => [...(caveat.clusters?.keys() ?? [])]));
  const clusters = [...named].filter((cluster) => clears(found, { feature: 'litefs-cloud', cluster }));
  return clusters.includes('') ? undefined : clusters.sort();
}

/** Why there is no list of apps to act on. */
export type AppsReason = ScopeReason | { readonly tag: 'no_apps' };

/**
 * The apps on which a token allows an action right now, ascending; undefined for every app of the organization
 * (docs/specs/token-format.md#scope). The caller must still make sure that these apps belong to the organization.
 */
export function appsAllowing(
  caveats: readonly Caveat[],
  action: ActionMask,
  now: Date,
  registry?: PrivateCaveats,
): Result<readonly bigint[] | undefined, AppsReason> {
  const organization = organizationScope(caveats);
  if (!organization.ok) return organization;
  const allows = (appId: bigint) =>
    clear({ caveats }, { action, orgId: organization.value, appId, now }, registry).ok;
  const scope = appScope(caveats);
  if (scope === undefined) return allows(0n) ? ok(undefined) : refuse({ tag: 'no_apps' });
  const apps = scope.filter(allows);
  return apps.length === 0 ? refuse({ tag: 'no_apps' }) : ok(apps);
}

/** A Fly.io user to write into a log, if the caveats name exactly one. Anybody can add such a caveat: never decide by it. */
export function userForLogs(caveats: readonly Caveat[]): bigint | undefined {
  const users = new Set<bigint>();
  for (const caveat of everyCaveat(caveats)) {
    if (caveat.type === 'IsUser' || caveat.type === 'FlyioUserID') users.add(caveat.id);
  }
  return users.size === 1 ? [...users][0] : undefined;
}

function clears(caveats: readonly Caveat[], request: Partial<Access>): boolean {
  const access: Access = { action: Action.none, now: ANY_TIME, ...request };
  return caveats.every((caveat) => evaluate(caveat, { subject: { kind: 'access', access } }) === undefined);
}
