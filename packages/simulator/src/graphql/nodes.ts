import { addressesOf } from '../machines/apps/addresses.ts';
import type { REGIONS } from '../machines/request/regions.ts';
import { appWire } from '../machines/machine/wire.ts';
import { principals, principalsOf, type Principal } from '../discharge/principals.ts';
import type { Simulation } from '../simulation.ts';
import type { LimitedToken } from '../world/limited-tokens.ts';
import type { Organization } from '../world/people.ts';
import type { App } from '../world/platform.ts';

/** The only version of the platform that is left. */
const PLATFORM_VERSION = 'machines';

/** How the things of the world look in GraphQL. Members that are functions are asked only when a query names them. */
export function createNodes(simulation: Simulation, authorization: string | undefined) {
  const { world } = simulation;
  const time = (ms: number): string => new Date(ms).toISOString();
  const none = (): { nodes: never[] } => ({ nodes: [] });

  const rows =
    (of: (row: LimitedToken) => boolean) =>
    ({ first }: { first?: number | null }) => {
      const found = [...world.limitedTokens.values()].filter(of);
      return { nodes: found.slice(0, first ?? undefined).map(token), totalCount: found.length };
    };

  const roleIn = (organization: Organization, person: Principal | undefined): string =>
    world.users.get(person?.id ?? '')?.roles.get(organization.id) ?? 'admin';

  const user = (person: Principal) => ({
    __typename: 'User',
    id: person.id,
    email: person.email,
    name: person.name,
    enablePaidHobby: true,
    // There is nobody here to whom anything could be agreed.
    agreedToProviderTos: true,
  });

  const members = (organization: Organization) => ({
    edges: principals(simulation)
      .filter((one) => one.organizations.includes(organization.slug))
      .map((one) => ({
        cursor: one.id,
        node: user(one),
        joinedAt: time(0),
        role: roleIn(organization, one).toUpperCase(),
      })),
  });

  const organization = (one: Organization) => ({
    id: one.id,
    slug: one.slug,
    rawSlug: one.slug,
    name: one.name,
    type: 'SHARED',
    paidPlan: true,
    billable: true,
    billingStatus: 'CURRENT',
    viewerRole: () => roleIn(one, principalsOf(simulation, authorization)[0]),
    internalNumericId: String(one.number),
    addOnSsoLink: null,
    provisionsBetaExtensions: false,
    remoteBuilderImage: '',
    remoteBuilderApp: null,
    members: () => members(one),
    limitedAccessTokens: rows((row) => row.organization === one.slug),
  });

  const app = (one: App, owner: Organization) => {
    const wire = appWire(world, one);
    const hostname = `${one.name}.fly.dev`;
    return {
      id: one.id,
      name: one.name,
      internalNumericId: one.number,
      hostname,
      cnameTarget: hostname,
      appUrl: `https://${hostname}`,
      deployed: wire['status'] === 'deployed',
      status: wire['status'],
      network: one.network,
      platformVersion: PLATFORM_VERSION,
      currentRelease: null,
      currentReleaseUnprocessed: null,
      releasesUnprocessed: none,
      hostIssues: none,
      role: one.role === undefined ? null : { name: one.role },
      secrets: () =>
        [...one.secrets.values()].map(({ name, digest, createdAtMs }) => ({
          name,
          digest,
          createdAt: time(createdAtMs),
        })),
      ipAddresses: () => ({ nodes: addressesOf(simulation, one).map(address) }),
      sharedIpAddress: () => addressesOf(simulation, one).find((ip) => ip.type === 'shared_v4')?.ip ?? null,
      organization: () => organization(owner),
      limitedAccessTokens: rows((row) => row.app === one.name),
    };
  };

  const address = (ip: ReturnType<typeof addressesOf>[number]) => {
    const elsewhere = world.organizations.get(ip.organization ?? '');
    return {
      id: `ip_${ip.ip}`,
      address: ip.ip,
      type: ip.type,
      region: ip.region,
      serviceName: ip.serviceName,
      createdAt: time(ip.createdAtMs),
      network:
        elsewhere === undefined
          ? null
          : { name: ip.network ?? 'default', organization: () => organization(elsewhere) },
    };
  };

  function token(row: LimitedToken) {
    return {
      id: row.id,
      name: row.name,
      profile: row.profile,
      createdAt: time(row.createdAtMs),
      expiresAt: row.expiresAtMs === undefined ? null : time(row.expiresAtMs),
      revokedAt: row.revokedAtMs === undefined ? null : time(row.revokedAtMs),
      revokedBy: row.revokedBy ?? null,
      organization: () => {
        const owner = world.organizations.get(row.organization);
        return owner ? organization(owner) : null;
      },
      user: { email: row.createdBy },
    };
  }

  return { user, organization, app, token };
}

/** A region in GraphQL. */
export function regionNode({ name, code, latitude, longitude }: (typeof REGIONS)[number]) {
  return {
    name,
    code,
    latitude,
    longitude,
    gatewayAvailable: true,
    requiresPaidPlan: false,
    deprecated: false,
  };
}
