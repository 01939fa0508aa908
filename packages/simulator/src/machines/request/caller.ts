import { clear, tokenId, type Verified } from '@hangar/macaroon';
import type { Simulation } from '../../simulation.ts';
import { undischargedSentence, verifyHeader } from '../../tokens/verified.ts';
import type { App, PlatformToken } from '../../world/platform.ts';
import type { Need } from './need.ts';
import { plainTokens } from './plain-tokens.ts';
import { Refusal } from './refusal.ts';

/** Who calls the Machines API: the plain tokens of the header that are known, its macaroons that are genuine, and what is needed. */
export interface Caller {
  readonly tokens: readonly PlatformToken[];
  readonly macaroons: readonly Verified[];
  readonly need: Need;
  /** Address that leases and logs name: `<token id>@tokens.fly.io`. */
  readonly email: string;
}

/** What Fly.io answers to a header without a valid token. */
const NOT_AUTHENTICATED = 'Authenticate: token validation error';

/**
 * Reads an Authorization header as real clients write it: any number of `Bearer` and `FlyV1` words, then a comma list.
 * Throws a 401 refusal when no token of the list is good.
 */
export function identifyCaller(
  simulation: Simulation,
  authorization: string | undefined,
  need: Need,
): Caller {
  const header = authorization ?? '';
  const tokens = plainTokens(simulation, header);
  const { verified, undischarged } = verifyHeader(simulation, header);
  const now = simulation.clock.now();
  const macaroons = verified.filter((one) => (one.earliestExpiry ?? Infinity) >= now.getTime() / 1000);
  const first = macaroons[0];
  const id = first ? tokenId(first.token) : tokens[0]?.id;
  if (id === undefined) {
    throw new Refusal(401, undischarged.length > 0 ? undischargedSentence(undischarged) : NOT_AUTHENTICATED);
  }
  return { tokens, macaroons, need, email: `${id}@tokens.fly.io` };
}

/** True when the caller may do what is needed to the organization as a whole. */
export function seesOrganization(simulation: Simulation, caller: Caller, slug: string): boolean {
  if (caller.tokens.some((token) => token.organizations.includes(slug))) return true;
  const organization = simulation.world.organizations.get(slug);
  if (!organization) return false;
  const access = {
    action: caller.need.action,
    orgId: BigInt(organization.number),
    now: simulation.clock.now(),
  };
  return caller.macaroons.some((one) => clear(one, access).ok);
}

/** True when the caller may do what is needed to the app, or to the machine or volume in it that the request is about. */
export function seesApp(simulation: Simulation, caller: Caller, app: App): boolean {
  if (caller.tokens.some((token) => token.organizations.includes(app.organization))) return true;
  const organization = simulation.world.organizations.get(app.organization);
  if (!organization) return false;
  const access = {
    ...caller.need,
    orgId: BigInt(organization.number),
    appId: BigInt(app.number),
    now: simulation.clock.now(),
  };
  return caller.macaroons.some((one) => clear(one, access).ok);
}

/** The app of that name. 404 when the name is free, 403 when it is out of reach: clients depend on the difference. */
export function appOf(simulation: Simulation, caller: Caller, name: string): App {
  const app = simulation.world.apps.get(name);
  if (!app) throw new Refusal(404, `Could not find App "${name}"`);
  if (!seesApp(simulation, caller, app)) throw new Refusal(403, 'unauthorized');
  return app;
}

/** The slug again, when the caller may do what is needed to that organization; 403 otherwise, also when there is none. */
export function organizationOf(simulation: Simulation, caller: Caller, slug: string): string {
  if (!simulation.world.organizations.has(slug) || !seesOrganization(simulation, caller, slug)) {
    throw new Refusal(403, 'unauthorized');
  }
  return slug;
}
