import type { Authority } from '@hangar/authority';
import type { Gateway } from '@hangar/gateway';
import { type RequestContext, splitTarget } from '@hangar/http';
import { DOOR_HEADER, TOKENS_DOOR } from './door-header.ts';
import type { Fetcher } from './server.ts';

/** What is about tokens goes to the authority; everything else is the Machines API and the gateway's own surface. */
const ABOUT_TOKENS = /^\/(?:hangar\/v1|v1)\/tokens(?:\/|$)/;

/** The gateway's port. The target that is looked at is the one that came; a disguised one is the gateway's to refuse. */
export function createGatewayDoor(parts: {
  gateway: Pick<Gateway, 'fetch' | 'direct'>;
  authority: Pick<Authority, 'fetch'>;
}): Fetcher {
  const isAboutTokens = (rawTarget: string): boolean => ABOUT_TOKENS.test(splitTarget(rawTarget).path);
  return {
    direct: (incoming, outgoing, context) =>
      !isAboutTokens(context.rawTarget) && parts.gateway.direct(incoming, outgoing, context),
    fetch: async (request: Request, door: RequestContext) => {
      if (!isAboutTokens(door.rawTarget)) return await parts.gateway.fetch(request, door);
      const response = await parts.authority.fetch(request, door);
      response.headers.set(DOOR_HEADER, TOKENS_DOOR);
      return response;
    },
  };
}
