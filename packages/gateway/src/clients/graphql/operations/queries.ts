import { HangarError } from '@hangar/http';
import type { Asking } from '../../asking.ts';
import { addressOf } from '../../address-of-token.ts';
import { appNamed, appNode } from '../nodes/app.ts';
import { connection, NONE, textIn, type Node } from '../nodes/node.ts';
import { organizationNamed, organizations } from '../nodes/organization.ts';

/** What is read at the root. */
export function queries(asking: Asking) {
  return {
    viewer: () => ({
      __typename: 'Macaroon',
      id: asking.exchange.caller.verified.tokenId,
      email: addressOf(asking.exchange.caller.verified.tokenId),
    }),
    organizations: async () => connection(await organizations(asking)),
    organization: async ({ slug, id }: { slug?: string | null; id?: string | null }) =>
      await organizationNamed(slug ?? id ?? 'personal', asking),
    apps: async ({ organizationId, role }: { organizationId?: string | null; role?: string | null }) => {
      const query = [
        ...(given(organizationId) ? [`org_slug=${encodeURIComponent(organizationId ?? '')}`] : []),
        ...(given(role) ? [`app_role=${encodeURIComponent(role ?? '')}`] : []),
      ].join('&');
      const answer = await asking.get(`/v1/apps${query === '' ? '' : `?${query}`}`);
      return connection(asking.list(answer['apps']).map((app) => appNode(app, asking)));
    },
    app: async ({ name }: { name?: string | null }) => await appNamed(name ?? '', asking),
    canPerformBluegreenDeployment: async ({ name }: { name: string }) => {
      await appNamed(name, asking);
      return true;
    },
    // By these words flyctl knows that nobody publishes versions of it.
    latestImageDetails: () => {
      throw new HangarError('not_found', { public: 'Unknown repository' });
    },
    platform: async () => {
      const answer = await platform(asking);
      return { requestRegion: answer.nearest, regions: answer.regions };
    },
    nearestRegion: async () => {
      const { regions, nearest } = await platform(asking);
      return regions.find(({ code }) => code === nearest) ?? regions[0] ?? null;
    },
    addOns: NONE,
  };
}

async function platform(asking: Asking): Promise<{ nearest: string; regions: Node[] }> {
  const answer = await asking.get('/v1/platform/regions');
  const regions = asking.list(answer['regions'] ?? answer['Regions']).map((one) => ({
    name: textIn(one, 'name'),
    code: textIn(one, 'code'),
    latitude: one['latitude'] ?? null,
    longitude: one['longitude'] ?? null,
    gatewayAvailable: one['gateway_available'] === true,
    requiresPaidPlan: one['requires_paid_plan'] === true,
    deprecated: one['deprecated'] === true,
  }));
  return { nearest: textIn(answer, 'nearest', textIn(answer, 'Nearest')), regions };
}

/** flyctl sends an empty text for what nobody gave. */
function given(text: string | null | undefined): boolean {
  return text !== undefined && text !== null && text !== '';
}
