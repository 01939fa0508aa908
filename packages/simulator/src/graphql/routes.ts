import { tokenId } from '@hangar/macaroon';
import { graphql, GraphQLError } from 'graphql';
import { Hono } from 'hono';
import { principalsOf } from '../discharge/principals.ts';
import { isObject } from '../machines/body.ts';
import type { Simulation } from '../simulation.ts';
import { verifyHeader } from '../tokens/verified.ts';
import type { LimitedToken } from '../world/limited-tokens.ts';
import type { Organization } from '../world/people.ts';
import type { App } from '../world/platform.ts';
import { createLimitedToken, findLimitedToken, mayAccess, type Order } from './limited-tokens.ts';
import { schema } from './schema.ts';

/** What flyctl sends a query for is a page or two; more is somebody's experiment. */
const maxQueryLength = 65_536;

/** `POST /graphql` of api.fly.io, over the reduced schema: a failure is 200 with `errors`, as at the real one. */
export function graphqlRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  routes.post('/graphql', async (c) => {
    const text = await c.req.text();
    const body = parsed(text.slice(0, maxQueryLength));
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

  const allowed = (organization: Organization | undefined, mints = false): Organization => {
    if (!organization || !mayAccess(simulation, authorization, organization, mints)) throw unauthorized();
    return organization;
  };
  const rows =
    (of: (row: LimitedToken) => boolean) =>
    ({ first }: { first?: number | null }) => {
      const found = [...world.limitedTokens.values()].filter(of);
      return { nodes: found.slice(0, first ?? undefined).map(tokenNode), totalCount: found.length };
    };
  const organizationNode = (organization: Organization) => ({
    id: organization.id,
    slug: organization.slug,
    name: organization.name,
    internalNumericId: String(organization.number),
    limitedAccessTokens: rows((row) => row.organization === organization.slug),
  });
  const appNode = (app: App, organization: Organization) => ({
    id: app.id,
    name: app.name,
    internalNumericId: app.number,
    organization: () => organizationNode(organization),
    limitedAccessTokens: rows((row) => row.app === app.name),
  });
  const tokenNode = (row: LimitedToken) => ({
    id: row.id,
    name: row.name,
    profile: row.profile,
    createdAt: new Date(row.createdAtMs).toISOString(),
    expiresAt: row.expiresAtMs === undefined ? null : new Date(row.expiresAtMs).toISOString(),
    revokedAt: row.revokedAtMs === undefined ? null : new Date(row.revokedAtMs).toISOString(),
    revokedBy: row.revokedBy ?? null,
    organization: () => {
      const organization = world.organizations.get(row.organization);
      return organization ? organizationNode(organization) : null;
    },
    user: { email: row.createdBy },
  });

  return {
    viewer: () => {
      const [person] = principalsOf(simulation, authorization);
      if (person) return { __typename: 'User', id: person.id, email: person.email, name: person.name };
      const [macaroon] = verifyHeader(simulation, authorization ?? '').verified;
      if (!macaroon) throw unauthorized();
      const id = tokenId(macaroon.token);
      return { __typename: 'Macaroon', id, email: `${id}@tokens.fly.io` };
    },
    organization: ({ slug, id }: { slug?: string | null; id?: string | null }) => {
      const all = [...world.organizations.values()];
      return organizationNode(allowed(all.find((one) => one.slug === slug || one.id === id)));
    },
    app: ({ name }: { name?: string | null }) => {
      const app = world.apps.get(name ?? '');
      if (!app) throw new GraphQLError('Could not find App', { extensions: { code: 'NOT_FOUND' } });
      return appNode(app, allowed(world.organizations.get(app.organization)));
    },
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
        limitedAccessToken: { ...tokenNode(row), token: header.replace(/^FlyV1 /, ''), tokenHeader: header },
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
