import { tokenId } from '@hangar/macaroon';
import { graphql, GraphQLError } from 'graphql';
import { Hono } from 'hono';
import { principalsOf } from '../discharge/principals.ts';
import { isObject } from '../machines/request/body.ts';
import { NEAREST_REGION, REGIONS } from '../machines/request/regions.ts';
import type { Simulation } from '../simulation.ts';
import { verifyHeader } from '../tokens/verified.ts';
import type { Organization } from '../world/people.ts';
import { appsOf, type AppsQuestion } from './apps.ts';
import { createLimitedToken, findLimitedToken, mayAccess, type Order } from './limited-tokens.ts';
import { createNodes, regionNode } from './nodes.ts';
import { schema } from './schema.ts';

/** What flyctl sends a query for is a page or two; more is somebody's experiment. */
const MAX_QUERY_LENGTH = 65_536;

/** `POST /graphql` of api.fly.io, over the reduced schema: a failure is 200 with `errors`, as at the real one. */
export function graphqlRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  routes.post('/graphql', async (c) => {
    const text = await c.req.text();
    const body = parsed(text.slice(0, MAX_QUERY_LENGTH));
    if (!body || typeof body['query'] !== 'string') {
      return c.json({ errors: [{ message: 'the body is not {"query": …}' }] }, 400);
    }
    const answer = await graphql({
      schema,
      source: body['query'],
      rootValue: rootOf(simulation, c.req.header('authorization')),
      variableValues: isObject(body['variables']) ? body['variables'] : {},
      operationName: typeof body['operationName'] === 'string' ? body['operationName'] : null,
    });
    for (const error of answer.errors ?? []) {
      if (error.originalError && !(error.originalError instanceof GraphQLError)) {
        simulation.settings.onError(error.originalError);
      }
    }
    return c.json(answer);
  });
  return routes;
}

/** The resolvers of one request: a member that is a function is asked with its arguments. */
function rootOf(simulation: Simulation, authorization: string | undefined) {
  const { world, clock } = simulation;
  const nodes = createNodes(simulation, authorization);

  const visible = (organization: Organization): boolean =>
    mayAccess(simulation, authorization, organization, false);
  const allowed = (organization: Organization | undefined, mints = false): Organization => {
    if (!organization || !mayAccess(simulation, authorization, organization, mints)) throw unauthorized();
    return organization;
  };

  return {
    viewer: () => {
      const [person] = principalsOf(simulation, authorization);
      if (person) return nodes.user(person);
      const [macaroon] = verifyHeader(simulation, authorization ?? '').verified;
      if (!macaroon) throw unauthorized();
      const id = tokenId(macaroon.token);
      return { __typename: 'Macaroon', id, email: `${id}@tokens.fly.io` };
    },
    organizations: () => {
      const found = [...world.organizations.values()].filter(visible);
      return { nodes: found.map(nodes.organization), totalCount: found.length };
    },
    organization: ({ slug, id }: { slug?: string | null; id?: string | null }) => {
      const all = [...world.organizations.values()];
      // `personal` is what everybody calls their own.
      const own = slug === 'personal' ? all.find(visible) : undefined;
      return nodes.organization(allowed(own ?? all.find((one) => one.slug === slug || one.id === id)));
    },
    apps: (ask: AppsQuestion) => {
      const page = appsOf(simulation, visible, ask);
      return {
        nodes: page.apps.map(({ app, owner }) => nodes.app(app, owner)),
        pageInfo: { hasNextPage: page.more, endCursor: page.apps.at(-1)?.app.id ?? null },
        totalCount: page.total,
      };
    },
    app: ({ name }: { name?: string | null }) => {
      const app = world.apps.get(name ?? '');
      const owner = world.organizations.get(app?.organization ?? '');
      // Which names are taken is nobody's business: what cannot be seen is not there.
      if (!app || !owner || !visible(owner)) {
        throw new GraphQLError('Could not find App', { extensions: { code: 'NOT_FOUND' } });
      }
      return nodes.app(app, owner);
    },
    appNameAvailable: ({ name }: { name: string }) => !world.apps.has(name),
    canPerformBluegreenDeployment: () => true,
    platform: () => ({ requestRegion: NEAREST_REGION, regions: REGIONS.map(regionNode) }),
    nearestRegion: () => REGIONS.filter((one) => one.code === NEAREST_REGION).map(regionNode)[0],
    logOut: ({ input }: { input: { clientMutationId?: string } }) => ({
      clientMutationId: input.clientMutationId,
      ok: true,
    }),
    createLimitedAccessToken: ({ input }: { input: Order & { clientMutationId?: string } }) => {
      const organization = [...world.organizations.values()].find((one) => one.id === input.organizationId);
      const { row, header } = createLimitedToken(
        simulation,
        authorization,
        allowed(organization, true),
        input,
      );
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
    }: {
      input: { clientMutationId?: string; id?: string; token?: string; revokedBy?: string };
    }) => {
      const row = findLimitedToken(simulation, input);
      if (!row) throw new GraphQLError('Could not find token', { extensions: { code: 'NOT_FOUND' } });
      allowed(world.organizations.get(row.organization), true);
      row.revokedAtMs ??= clock.nowMs();
      row.revokedBy ??= input.revokedBy ?? principalsOf(simulation, authorization)[0]?.email ?? 'a token';
      world.limitedTokens.changed(row.id);
      return { clientMutationId: input.clientMutationId, token: row.id };
    },
  };
}

function unauthorized(): GraphQLError {
  return new GraphQLError('You must be authenticated to view this.', {
    extensions: { code: 'UNAUTHORIZED' },
  });
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
