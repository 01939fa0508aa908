import { Action, clear, tokenId, type ActionMask, type Verified } from '@hangar/macaroon';
import { principalsOf, type Principal } from '../discharge/principals.ts';
import type { Simulation } from '../simulation.ts';
import type { Organization } from '../world/people.ts';
import type { App } from '../world/platform.ts';
import { verifyHeader } from './verified.ts';

/** Where something is to be read or done. */
export interface Scope {
  readonly organization: Organization;
  /** Absent: the organization as a whole. */
  readonly app?: App | undefined;
  /** A feature of the organization instead of an app of it: `authentication`, `addon`, `wg`. */
  readonly feature?: string;
}

/** Whoever asks api.fly.io: people by their plain tokens, pseudo-users by their macaroons. Nobody at all is a viewer too, who may nothing. */
export interface Viewer {
  readonly people: readonly Principal[];
  readonly macaroons: readonly Verified[];
  /** The address that a release or a log names; undefined for nobody. */
  readonly email: string | undefined;
  /** Whether the caller may do that there. What the Machines API would allow is allowed here. */
  may(action: ActionMask, scope: Scope): boolean;
  /** Whether the caller may read the organization, or the app of it. */
  sees(organization: Organization, app?: App): boolean;
}

/** Reads an Authorization header for the surfaces of api.fly.io. Never throws: a bad header is nobody. */
export function viewerOf(simulation: Simulation, authorization: string | undefined): Viewer {
  const header = authorization ?? '';
  const people = principalsOf(simulation, header);
  const { verified } = verifyHeader(simulation, header);
  const now = simulation.clock.now();
  const macaroons = verified.filter((one) => (one.earliestExpiry ?? Infinity) >= now.getTime() / 1000);
  const may: Viewer['may'] = (action, { organization, app, feature }) => {
    if (people.some((one) => one.organizations.includes(organization.slug))) return true;
    const access = {
      action,
      orgId: BigInt(organization.number),
      appId: app ? BigInt(app.number) : undefined,
      feature,
      now,
    };
    return macaroons.some((one) => clear(one, access).ok);
  };
  const [macaroon] = macaroons;
  return {
    people,
    macaroons,
    email: people[0]?.email ?? (macaroon && `${tokenId(macaroon.token)}@tokens.fly.io`),
    may,
    sees: (organization, app) => may(Action.read, { organization, app }),
  };
}
