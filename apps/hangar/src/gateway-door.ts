import type { Authority } from '@hangar/authority';
import type { Gateway } from '@hangar/gateway';
import { type Door, splitTarget } from '@hangar/security';
import type { Fetcher } from './server.ts';

/** What is about tokens goes to the authority; everything else is the Machines API and the gateway's own surface. */
const ABOUT_TOKENS = /^\/(?:hangar\/v1|v1)\/tokens(?:\/|$)/;

/** The gateway's port. The target that is looked at is the one that came; a disguised one is the gateway's to refuse. */
export function createGatewayDoor(parts: {
  gateway: Pick<Gateway, 'fetch'>;
  authority: Pick<Authority, 'fetch'>;
}): Fetcher {
  return {
    fetch: async (request: Request, door: Door) =>
      ABOUT_TOKENS.test(splitTarget(door.rawTarget).path)
        ? await parts.authority.fetch(request, door)
        : await parts.gateway.fetch(request, door),
  };
}
