import { pathTo, type Asking, type Json } from '../../asking.ts';
import { NONE, textIn, type Node } from './node.ts';
import { tokensOf } from './token.ts';

/** A workspace as an organization, from what `GET /api/v1/organizations/{org}` says of it. */
export function organizationNode(wire: Json, asking: Asking): Node {
  const slug = textIn(wire, 'slug');
  return {
    id: textIn(wire, 'id'),
    slug,
    rawSlug: textIn(wire, 'raw_slug'),
    name: textIn(wire, 'name'),
    type: 'SHARED',
    paidPlan: wire['paid_plan'],
    billable: wire['billable'],
    billingStatus: wire['billing_status'],
    viewerRole: 'member',
    internalNumericId: String(wire['internal_numeric_id']),
    addOnSsoLink: null,
    provisionsBetaExtensions: wire['provisions_beta_extensions'],
    remoteBuilderImage: wire['remote_builder_image'],
    remoteBuilderApp: null,
    // People sign in at the operator's page; the gateway knows tokens alone.
    members: { edges: [] },
    limitedAccessTokens: async ({ first }: { first?: number | null }) =>
      await tokensOf({ organization: slug }, first, asking),
    addOns: NONE,
    wireGuardPeers: NONE,
  };
}

/** The organization with that slug; `personal` is what everybody calls their own. */
export async function organizationNamed(slug: string, asking: Asking): Promise<Node> {
  if (slug !== 'personal') {
    const { organization } = await asking.get(pathTo`/api/v1/organizations/${slug}`);
    return organizationNode(organization as Json, asking);
  }
  const [own] = await organizations(asking);
  return own ?? {};
}

/** The organizations that the caller has: one. */
export async function organizations(asking: Asking): Promise<Node[]> {
  const answer = await asking.get('/api/v1/organizations');
  return asking.list(answer['organizations']).map((one) => organizationNode(one, asking));
}
