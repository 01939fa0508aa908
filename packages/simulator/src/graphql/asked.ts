import { type ActionMask } from '@hangar/macaroon';
import { GraphQLError } from 'graphql';
import type { ExtensionCaller } from '../caller/extensions.ts';
import type { Simulation } from '../simulation.ts';
import type { Viewer } from '../tokens/viewer.ts';
import type { Organization } from '../world/people.ts';
import type { App } from '../world/platform.ts';

/** One GraphQL request: who asks, of which world, under which address. */
export interface Asked {
  readonly simulation: Simulation;
  /** Fly.io as the one that calls a provider of extensions. */
  readonly caller: ExtensionCaller;
  readonly viewer: Viewer;
  /** The header that says who asks. */
  readonly authorization: string;
  /** Address of the simulated api.fly.io as the client wrote it, without a path. */
  readonly origin: string;
}

/** An app and whose it is. */
export interface Owned {
  readonly app: App;
  readonly owner: Organization;
}

/** What a mutation answers with beside its result, when it was given one. */
export interface Mutation<T> {
  readonly input: T & { readonly clientMutationId?: string | null };
}

/** The refusal of api.fly.io for whoever may not. */
export function unauthorized(): GraphQLError {
  return new GraphQLError('You must be authenticated to view this.', {
    extensions: { code: 'UNAUTHORIZED' },
  });
}

/** The app with that name or id. Throws `Could not find App` for one that is not there or not to be seen: which names are taken is nobody's business. */
export function appOf(asked: Asked, nameOrId: string | null | undefined, action?: ActionMask): Owned {
  const { world } = asked.simulation;
  const app = world.apps.get(nameOrId ?? '') ?? [...world.apps.values()].find((one) => one.id === nameOrId);
  const owner = world.organizations.get(app?.organization ?? '');
  if (!app || !owner || !asked.viewer.sees(owner, app)) {
    throw new GraphQLError('Could not find App', { extensions: { code: 'NOT_FOUND' } });
  }
  if (action !== undefined && !asked.viewer.may(action, { organization: owner, app })) throw unauthorized();
  return { app, owner };
}

/** The organization with that slug or id; `personal` is what everybody calls their own. Throws `unauthorized` for one that the caller may not read. */
export function organizationOf(asked: Asked, slugOrId: string | null | undefined): Organization {
  const all = [...asked.simulation.world.organizations.values()];
  const sees = (one: Organization): boolean => asked.viewer.sees(one);
  const own = slugOrId === 'personal' ? all.find(sees) : undefined;
  const found = own ?? all.find((one) => one.slug === slugOrId || one.id === slugOrId);
  if (!found || !sees(found)) throw unauthorized();
  return found;
}

/** Undefined for what a client leaves empty: flyctl sends "" for every text that nobody gave. */
export function given(text: string | null | undefined): string | undefined {
  return text === null || text === '' ? undefined : text;
}
