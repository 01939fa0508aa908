import type { Asked } from '../asked.ts';
import { addOnsWhere } from '../operations/add-ons.ts';
import { principals, type Principal } from '../../discharge/principals.ts';
import type { Organization } from '../../world/people.ts';
import { connection, type PageAsked } from './connection.ts';
import { timeOf, type Node, type Nodes } from './nodes.ts';

/** An organization: on a paid plan and in good standing, since nothing costs anything here. */
export function organizationNode(one: Organization, asked: Asked, nodes: Nodes): Node {
  const { simulation, viewer } = asked;
  const { world, settings } = simulation;
  const roleOf = (person: Principal | undefined): string =>
    world.users.get(person?.id ?? '')?.roles.get(one.id) ?? 'admin';
  const ssoLink = `${settings.provider.baseUrl}/organizations/${one.id}/sso`;
  return {
    id: one.id,
    slug: one.slug,
    rawSlug: one.slug,
    name: one.name,
    type: 'SHARED',
    paidPlan: true,
    billable: true,
    billingStatus: 'CURRENT',
    viewerRole: () => roleOf(viewer.people[0]),
    internalNumericId: String(one.number),
    addOnSsoLink: ssoLink,
    provisionsBetaExtensions: false,
    remoteBuilderImage: '',
    // A builder would be an app that really builds.
    remoteBuilderApp: null,
    members: () => ({
      edges: principals(simulation)
        .filter((person) => person.organizations.includes(one.slug))
        .map((person) => ({
          cursor: person.id,
          node: nodes.person(person),
          joinedAt: timeOf(0),
          role: roleOf(person).toUpperCase(),
        })),
    }),
    limitedAccessTokens: (page: PageAsked) =>
      connection(
        [...world.limitedTokens.values()].filter((row) => row.organization === one.slug),
        page,
        nodes.token,
      ),
    addOns: ({ type, ...page }: PageAsked & { readonly type?: string | null }) =>
      connection(addOnsWhere(asked, { type, organization: one }), page, nodes.addOn),
    extensionSsoLink: ({ provider }: { provider: string }) =>
      settings.lending.names.includes(provider) ? ssoLink : null,
    wireGuardPeers: (page: PageAsked) => connection<Node>([], page, (peer) => peer),
  };
}
