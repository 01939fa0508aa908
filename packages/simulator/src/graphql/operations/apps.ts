import { Action } from '@hangar/macaroon';
import { GraphQLError } from 'graphql';
import { appOf, organizationOf, unauthorized, type Asked, type Mutation, type Owned } from '../asked.ts';
import { connection, type PageAsked } from '../nodes/connection.ts';
import type { Nodes } from '../nodes/nodes.ts';

/** The arguments of `apps`. flyctl asks for `type: "container"`, which every app is. */
interface AppsQuestion extends PageAsked {
  readonly type?: string | null;
  readonly organizationId?: string | null;
  readonly role?: string | null;
}

/** Apps, and the machines in them. */
export function appOperations(asked: Asked, nodes: Nodes) {
  const { world } = asked.simulation;
  return {
    apps: (ask: AppsQuestion) => connection(visibleApps(asked, ask), ask, nodes.app),
    app: ({ name }: { name?: string | null }) => nodes.app(appOf(asked, name)),
    machine: ({ machineId }: { machineId: string }) => {
      const machine = world.machines.get(machineId);
      if (!machine || machine.state === 'destroyed')
        throw new GraphQLError('Could not find Machine', { extensions: { code: 'NOT_FOUND' } });
      return nodes.machine(machine, appOf(asked, machine.app));
    },
    moveApp: ({ input }: Mutation<{ appId: string; organizationId: string }>) => {
      const { app } = appOf(asked, input.appId, Action.write);
      const owner = organizationOf(asked, input.organizationId);
      if (!asked.viewer.may(Action.create, { organization: owner })) throw unauthorized();
      const moved = { ...app, organization: owner.slug };
      world.apps.set(app.name, moved);
      return { clientMutationId: input.clientMutationId, app: nodes.app({ app: moved, owner }) };
    },
  };
}

function visibleApps(asked: Asked, ask: AppsQuestion): Owned[] {
  const { world } = asked.simulation;
  return [...world.apps.values()].flatMap((app) => {
    const owner = world.organizations.get(app.organization);
    const wanted =
      owner !== undefined &&
      (!ask.organizationId || owner.id === ask.organizationId) &&
      (!ask.role || app.role === ask.role) &&
      (!ask.type || ask.type === 'container') &&
      asked.viewer.sees(owner, app);
    return wanted ? [{ app, owner }] : [];
  });
}
