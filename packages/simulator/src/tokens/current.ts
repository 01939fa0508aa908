import { appScope, organizationScope, tokenId } from '@hangar/macaroon';
import type { Caller } from '../machines/request/caller.ts';
import type { Simulation } from '../simulation.ts';
import type { JsonObject } from '../world/json.ts';

/** `GET /v1/tokens/current`: what the caller holds, in names instead of numbers. */
export function currentTokens(simulation: Simulation, caller: Caller): JsonObject[] {
  const { world } = simulation;
  const line = (id: string, slug: string, apps: string[]): JsonObject => ({
    token_id: id,
    organization: world.organizations.get(slug)?.name ?? slug,
    org_slug: slug,
    apps,
    user: '',
    source_machine_id: '',
    restricted_to_machine: '',
  });
  const plain = caller.tokens.flatMap((token) => token.organizations.map((slug) => line(token.id, slug, [])));
  const macaroons = caller.macaroons.map((one) => {
    const number = organizationScope(one.caveats);
    const organization = [...world.organizations.values()].find(
      (each) => number.ok && BigInt(each.number) === number.value,
    );
    const scope = appScope(one.caveats);
    const apps = [...world.apps.values()].filter((app) => scope?.includes(BigInt(app.number)));
    return line(
      tokenId(one.token),
      organization?.slug ?? '',
      apps.map((app) => app.name),
    );
  });
  return [...plain, ...macaroons];
}
