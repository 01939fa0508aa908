import { tokenId } from '@hangar/macaroon';
import { GraphQLError } from 'graphql';
import { randomBase36 } from '../../ids.ts';
import { textsOf } from '../../machines/request/plain-tokens.ts';
import type { Organization } from '../../world/people.ts';
import { nextNumber } from '../../world/world.ts';
import { organizationOf, unauthorized, type Asked, type Mutation } from '../asked.ts';
import { connection, type PageAsked } from '../nodes/connection.ts';
import type { Nodes } from '../nodes/nodes.ts';

/** First number of an organization that somebody creates; macaroons name organizations by these. */
const FIRST_ORGANIZATION_NUMBER = 60_000;

/** Who asks, and the organizations that they see. */
export function peopleOperations(asked: Asked, nodes: Nodes) {
  const { simulation, viewer } = asked;
  const { world } = simulation;
  return {
    viewer: () => {
      const [person] = viewer.people;
      if (person) return nodes.person(person);
      const [macaroon] = viewer.macaroons;
      if (!macaroon) throw unauthorized();
      return { __typename: 'Macaroon', id: tokenId(macaroon.token), email: viewer.email };
    },
    organizations: (page: PageAsked) => {
      if (viewer.email === undefined) throw unauthorized();
      const seen = [...world.organizations.values()].filter((one) => viewer.sees(one));
      return connection(seen, page, nodes.organization);
    },
    organization: ({ slug, id }: { slug?: string | null; id?: string | null }) =>
      nodes.organization(organizationOf(asked, slug ?? id)),
    // The logins that the caller brought are over. Configured tokens and macaroons are not logins.
    logOut: ({ input }: Mutation<object>) => {
      for (const text of textsOf(asked.authorization)) world.grants.delete(text);
      return { clientMutationId: input.clientMutationId, ok: true };
    },
    createOrganization: ({ input }: Mutation<{ name: string }>) => {
      const user = world.users.get(viewer.people[0]?.id ?? '');
      if (!user)
        throw new GraphQLError('only a person can create an organization: sign in with `fly auth login`');
      const slug = input.name
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, '-')
        .replaceAll(/^-|-$/g, '');
      if (slug === '' || slug.length > 63) throw new GraphQLError('Name is invalid');
      if (world.organizations.has(slug)) throw new GraphQLError('Name has already been taken');
      const organization: Organization = {
        id: randomBase36(16),
        slug,
        name: input.name,
        number: FIRST_ORGANIZATION_NUMBER + nextNumber(world),
      };
      world.organizations.set(slug, organization);
      world.users.set(user.id, { ...user, roles: new Map([...user.roles, [organization.id, 'admin']]) });
      return { clientMutationId: input.clientMutationId, organization: nodes.organization(organization) };
    },
  };
}
