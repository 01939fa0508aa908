import { GraphQLError } from 'graphql';
import type { Simulation } from '../simulation.ts';
import type { Organization } from '../world/people.ts';
import type { App } from '../world/platform.ts';

/** The arguments of `apps`. flyctl asks for `type: "container"`, which every app is. */
export interface AppsQuestion {
  readonly type?: string | null;
  readonly first?: number | null;
  readonly after?: string | null;
  readonly organizationId?: string | null;
  readonly role?: string | null;
}

/** One page of the apps that the caller may see. */
export interface AppsPage {
  readonly apps: readonly { readonly app: App; readonly owner: Organization }[];
  readonly more: boolean;
  readonly total: number;
}

/** Answers `apps`. The cursor is the id of the last app of the page before. Throws GraphQLError for one that was never given. */
export function appsOf(
  { world }: Simulation,
  visible: (organization: Organization) => boolean,
  ask: AppsQuestion,
): AppsPage {
  const found = [...world.apps.values()].flatMap((app) => {
    const owner = world.organizations.get(app.organization);
    const asked =
      owner !== undefined &&
      visible(owner) &&
      (!ask.organizationId || owner.id === ask.organizationId) &&
      (!ask.role || app.role === ask.role) &&
      (!ask.type || ask.type === 'container');
    return asked ? [{ app, owner }] : [];
  });
  const from = ask.after ? found.findIndex(({ app }) => app.id === ask.after) + 1 : 0;
  if (ask.after && from === 0) throw new GraphQLError(`there is no cursor ${ask.after}`);
  const apps = found.slice(from, ask.first ? from + ask.first : undefined);
  return { apps, more: from + apps.length < found.length, total: found.length };
}
