import type { PlatformToken, App } from '../world/platform.ts';
import type { Simulation } from '../simulation.ts';
import { Refusal } from './refusal.ts';

/** Who calls the Machines API: the tokens of the header that the simulated Fly.io knows. */
export interface Caller {
  readonly tokens: readonly PlatformToken[];
  /** Address that leases and logs name: `<token id>@tokens.fly.io`. */
  readonly email: string;
}

/** What Fly.io answers to a header without a valid token. */
const notAuthenticated = 'Authenticate: token validation error';

/**
 * Reads an Authorization header as real clients write it: any number of `Bearer` and `FlyV1` words, then a comma list.
 * Throws a 401 refusal when no token of the list is known.
 */
export function identifyCaller(simulation: Simulation, authorization: string | undefined): Caller {
  const list = (authorization ?? '').trim().replace(/^(?:(?:bearer|flyv1)\s+)+/i, '');
  const known: PlatformToken[] = [];
  for (const text of list.split(',')) {
    const token = findToken(simulation, text.trim());
    if (token) known.push(token);
  }
  const first = known[0];
  if (!first) throw new Refusal(401, notAuthenticated);
  return { tokens: known, email: `${first.id}@tokens.fly.io` };
}

function findToken(simulation: Simulation, text: string): PlatformToken | undefined {
  if (text === '') return undefined;
  const { world, clock, settings } = simulation;
  for (const [index, configured] of settings.tokens.entries()) {
    if (!configured.token.equals(text)) continue;
    const id = `00000000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`;
    return { id, token: text, organizations: configured.organizations, apps: [] };
  }
  const minted = world.tokens.get(text);
  if (minted) return (minted.expiresAtMs ?? Infinity) > clock.nowMs() ? minted : undefined;
  const grant = world.grants.get(text);
  if (!grant || grant.expiresAtMs <= clock.nowMs()) return undefined;
  const roles = world.users.get(grant.userId)?.roles ?? new Map();
  const organizations = [...world.organizations.values()].filter((one) => roles.has(one.id));
  return { id: grant.userId, token: text, organizations: organizations.map((one) => one.slug), apps: [] };
}

/** True when a token of the caller covers the organization as a whole. */
export function seesOrganization(caller: Caller, slug: string): boolean {
  return caller.tokens.some((token) => token.apps.length === 0 && token.organizations.includes(slug));
}

/** True when a token of the caller covers the app. */
export function seesApp(caller: Caller, app: App): boolean {
  return caller.tokens.some(
    (token) =>
      token.organizations.includes(app.organization) &&
      (token.apps.length === 0 || token.apps.includes(app.name)),
  );
}

/** The app of that name. 404 when the name is free, 403 when it is somebody else's: clients depend on the difference. */
export function appOf(simulation: Simulation, caller: Caller, name: string): App {
  const app = simulation.world.apps.get(name);
  if (!app) throw new Refusal(404, `Could not find App "${name}"`);
  if (!seesApp(caller, app)) throw new Refusal(403, 'unauthorized');
  return app;
}

/** 403 unless the caller covers the organization, 404 when there is none of that slug and the caller may know it. */
export function organizationOf(simulation: Simulation, caller: Caller, slug: string): string {
  if (!simulation.world.organizations.has(slug) || !seesOrganization(caller, slug)) {
    throw new Refusal(403, 'unauthorized');
  }
  return slug;
}
