import {
  Action,
  addThirdParty,
  decodeToken,
  encodeToken,
  LOCATIONS,
  missingTickets,
  tokenId,
  type Caveat,
} from '@hangar/macaroon';
import { GraphQLError } from 'graphql';
import { issueDischarge } from '../discharge/issue.ts';
import { loopbackLocation } from '../discharge/location.ts';
import { principals } from '../discharge/principals.ts';
import { randomBase36 } from '../ids.ts';
import { durationOf } from '../machines/request/body.ts';
import type { ThirdParty } from '../options.ts';
import type { Simulation } from '../simulation.ts';
import { signToken } from '../tokens/issuer.ts';
import type { LimitedToken } from '../world/limited-tokens.ts';
import type { Organization } from '../world/people.ts';
import type { App } from '../world/platform.ts';
import { ticketKey } from '../world/world.ts';
import type { Asked } from './asked.ts';

/** How long a discharge of a ticket made here may live: the 10.5 minutes of docs/sources.md#third-party-caveats. */
const MAX_VALIDITY_SECONDS = 630;

/** Profiles of tokens that are about an organization. `deploy` is about one app; any other is not simulated. */
const ORGANIZATION_PROFILES: ReadonlySet<string> = new Set([
  'deploy_organization',
  'registry_token',
  'litefs_cloud',
]);

/** The input of `createLimitedAccessToken` (docs/specs/token-format.md#limited-access-tokens). */
export interface Order {
  readonly name: string;
  readonly organizationId: string;
  readonly profile: string;
  readonly profileParams?: Readonly<Record<string, unknown>> | null;
  readonly expiry?: string | null;
  readonly optInThirdParties?: readonly string[] | null;
  readonly optOutThirdParties?: readonly string[] | null;
}

/**
 * Mints a token with its discharges: `FlyV1 fm2_…,fm2_…`. What the server puts in is a reconstruction
 * (docs/specs/token-format.md#what-flyio-puts-in): every token asks the authentication service, unless it was opted
 * out, and only whoever made it can renew the discharge.
 */
export function createLimitedToken(
  { simulation, viewer, origin }: Asked,
  organization: Organization,
  order: Order,
): { row: LimitedToken; header: string } {
  const { world, clock } = simulation;
  const person = viewer.people.find((one) => one.organizations.includes(organization.slug));
  const app = appOf(simulation, organization, order);
  const lifetimeMs = lifetimeOf(order.expiry);
  const expiresAtMs = lifetimeMs === undefined ? undefined : clock.nowMs() + lifetimeMs;
  const base = signToken(simulation, caveatsOf(order, organization, app, clock.nowMs(), expiresAtMs));
  const conditions: Caveat[] = [
    ...(person ? [{ type: 'ConfineUser', id: person.number } as const] : []),
    { type: 'ConfineOrganization', id: BigInt(organization.number) },
    { type: 'MaxValidity', seconds: MAX_VALIDITY_SECONDS },
  ];
  const token = thirdPartiesOf(simulation.settings.thirdParty, origin, order).reduce(
    (macaroon, location) =>
      addThirdParty(macaroon, { location, sharedKey: ticketKey(world), ticketCaveats: conditions }),
    base,
  );
  // The one who asks is signed in right now, so the first discharge comes along.
  const by = person
    ? [person]
    : principals(simulation).filter((one) => one.organizations.includes(organization.slug));
  const discharges = missingTickets({ permission: [token], discharges: [] }).flatMap(
    ({ location, ticket }) => {
      const issued = issueDischarge(simulation, { ticket, location, by });
      return issued.ok ? [issued.value] : [];
    },
  );
  const row: LimitedToken = {
    id: randomBase36(20),
    tokenId: tokenId(token),
    name: order.name,
    organization: organization.slug,
    app: app?.name,
    profile: order.profile,
    createdBy: person?.email ?? `${tokenId(token)}@tokens.fly.io`,
    createdAtMs: clock.nowMs(),
    expiresAtMs,
  };
  world.limitedTokens.set(row.id, row);
  return { row, header: `FlyV1 ${[encodeToken(token), ...discharges].join(',')}` };
}

/** The row of a token by its id, or by the text of it or of anything narrowed from it. */
export function findLimitedToken(
  { world }: Simulation,
  by: { id?: string | null; token?: string | null },
): LimitedToken | undefined {
  if (by.id !== undefined && by.id !== null) return world.limitedTokens.get(by.id);
  const decoded = decodeToken((by.token ?? '').replace(/^(?:FlyV1|Bearer) /i, '').split(',')[0] ?? '');
  if (!decoded.ok) return undefined;
  return [...world.limitedTokens.values()].find((one) => one.tokenId === tokenId(decoded.value));
}

/** The Organization caveat of the profiles that are for one thing only, and what that thing is. */
function narrowCaveats(order: Order, number: bigint): Caveat[] | undefined {
  if (order.profile === 'registry_token') {
    return [{ type: 'Organization', id: number, mask: Action.read }];
  }
  if (order.profile !== 'litefs_cloud') return undefined;
  const cluster = order.profileParams?.['cluster'];
  if (typeof cluster !== 'string' || cluster === '')
    throw new GraphQLError('profileParams.cluster is needed');
  return [
    { type: 'Organization', id: number, mask: Action.all },
    { type: 'FeatureSet', features: new Map([['litefs-cloud', Action.all]]) },
    { type: 'Clusters', clusters: new Map([[cluster, Action.all]]) },
  ];
}

function caveatsOf(
  order: Order,
  organization: Organization,
  app: App | undefined,
  nowMs: number,
  expiresAtMs: number | undefined,
): Caveat[] {
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  const number = BigInt(organization.number);
  return [
    ...(narrowCaveats(order, number) ?? [{ type: 'Organization', id: number, mask: Action.all } as const]),
    ...(expiresAtMs === undefined
      ? []
      : [{ type: 'ValidityWindow', notBefore: seconds(nowMs), notAfter: seconds(expiresAtMs) } as const]),
    ...(app === undefined
      ? []
      : [
          {
            type: 'IfPresent',
            ifs: [
              { type: 'Apps', apps: new Map([[BigInt(app.number), Action.all]]) },
              { type: 'FeatureSet', features: new Map([['wg', Action.all]]) },
            ],
            else: Action.read,
          } as const,
        ]),
  ];
}

function appOf({ world }: Simulation, organization: Organization, order: Order): App | undefined {
  if (ORGANIZATION_PROFILES.has(order.profile)) return undefined;
  if (order.profile !== 'deploy') throw new GraphQLError(`profile ${order.profile} is not simulated`);
  const id = order.profileParams?.['app_id'];
  const app = [...world.apps.values()].find((one) => one.id === id || one.name === id);
  if (app?.organization !== organization.slug) throw new GraphQLError('Could not find App');
  return app;
}

function lifetimeOf(expiry: string | null | undefined): number | undefined {
  if (expiry === undefined || expiry === null || expiry === '') return undefined;
  const ms = durationOf(expiry);
  if (ms === undefined || ms <= 0) throw new GraphQLError('expiry is not a duration such as 1h0m0s');
  return ms;
}

/** The locations that a token asks, in the order of its caveats. */
function thirdPartiesOf(setting: ThirdParty, origin: string, order: Order): string[] {
  const known: readonly string[] = [LOCATIONS.authentication, LOCATIONS.newAuthentication];
  const named = [...(order.optInThirdParties ?? []), ...(order.optOutThirdParties ?? [])];
  const unknown = named.find((location) => !known.includes(location));
  if (unknown !== undefined) throw new GraphQLError(`there is no third party ${unknown}`);
  const usual = setting === 'nobody' ? [] : [LOCATIONS.authentication];
  const wanted = new Set([...usual, ...(order.optInThirdParties ?? [])]);
  return [...wanted]
    .filter((location) => order.optOutThirdParties?.includes(location) !== true)
    .map((location) => (setting === 'loopback' ? loopbackLocation(origin, location) : location));
}
