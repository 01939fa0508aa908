import type { Passthrough } from '@hangar/gateway';
import { type Clock, HangarError, splitTarget } from '@hangar/http';
import type { Metrics } from '../http/metrics.ts';
import { operational } from '../http/operational.ts';
import type { Readiness } from '../http/readiness.ts';
import type { Fetcher } from '../http/server.ts';

/** What answers in `passthrough` mode. */
export interface PassthroughDoorParts {
  readonly passthrough: Pick<Passthrough, 'fetch'>;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly now: Clock;
}

const OPERATIONAL: readonly string[] = ['/healthz', '/readyz', '/metrics'];

/** One port: what operators read, and everything else is the gateway's to answer or to refuse. */
export function createPassthroughDoor({ passthrough, now, ...parts }: PassthroughDoorParts): Fetcher {
  const about = {
    ...parts,
    serving: () => ({ mode: 'passthrough', now: now().toISOString() }),
    others: (): Response => {
      throw new HangarError('not_found');
    },
  };
  return {
    fetch: async (request, door) => {
      const { path } = splitTarget(door.rawTarget);
      if (OPERATIONAL.includes(path)) return await operational(path, request, door, about);
      return await passthrough.fetch(request, door);
    },
  };
}
