import type { Answer } from '../../answer/respond.ts';
import type { Workspace } from '../../nouns.ts';
import type { Exchange } from '../../upstream/exchange.ts';

/** `GET /api/v1/organizations`: the caller's workspace, and no other. */
export function listOrganizations({ caller }: Exchange): Answer {
  return { status: 200, json: { organizations: [organizationWire(caller.workspace)] } };
}

/** `GET /api/v1/organizations/{org}`: the slug was held against the workspace before. */
export function getOrganization({ caller }: Exchange): Answer {
  return { status: 200, json: { organization: organizationWire(caller.workspace) } };
}

/** A workspace as api.fly.io shows an organization. What it may cost is the operator's policy, so it is one that pays. */
function organizationWire({ slug, number }: Workspace) {
  return {
    id: slug,
    internal_numeric_id: Number(number),
    slug,
    raw_slug: slug,
    name: slug,
    paid_plan: true,
    personal: false,
    billable: true,
    billing_status: 'CURRENT',
    provisions_beta_extensions: false,
    remote_builder_image: '',
  };
}
