import { Action } from '@hangar/macaroon';
import { GraphQLError } from 'graphql';
import type { Organization } from '../../world/people.ts';
import { unauthorized, type Asked, type Mutation } from '../asked.ts';
import { createLimitedToken, findLimitedToken, type Order } from '../limited-tokens.ts';
import type { Nodes } from '../nodes/nodes.ts';

/** Tokens that are made, listed and revoked (docs/specs/token-format.md#limited-access-tokens). */
export function tokenOperations(asked: Asked, nodes: Nodes) {
  const { simulation, viewer } = asked;
  const { world, clock } = simulation;

  const mintsIn = (organization: Organization | undefined): Organization => {
    const may = organization && viewer.may(Action.create, { organization, feature: 'authentication' });
    if (!may) throw unauthorized();
    return organization;
  };

  return {
    createLimitedAccessToken: ({ input }: Mutation<Order>) => {
      const organization = [...world.organizations.values()].find((one) => one.id === input.organizationId);
      const { row, header } = createLimitedToken(asked, mintsIn(organization), input);
      return {
        clientMutationId: input.clientMutationId,
        limitedAccessToken: {
          ...nodes.token(row),
          token: header.replace(/^FlyV1 /, ''),
          tokenHeader: header,
        },
      };
    },
    deleteLimitedAccessToken: ({
      input,
    }: Mutation<{ id?: string | null; token?: string | null; revokedBy?: string | null }>) => {
      const row = findLimitedToken(simulation, input);
      if (!row) throw new GraphQLError('Could not find token', { extensions: { code: 'NOT_FOUND' } });
      mintsIn(world.organizations.get(row.organization));
      row.revokedAtMs ??= clock.nowMs();
      row.revokedBy ??= input.revokedBy ?? viewer.people[0]?.email ?? 'a token';
      world.limitedTokens.changed(row.id);
      return { clientMutationId: input.clientMutationId, token: row.id };
    },
  };
}
