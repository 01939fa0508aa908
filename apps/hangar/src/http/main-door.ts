import { type RequestContext, splitTarget } from '@hangar/http';
import type { Store } from '@hangar/store';
import { createDocs } from './docs-pages.ts';
import type { Metrics } from './metrics.ts';
import { operational } from './operational.ts';
import type { Readiness } from './readiness.ts';
import type { Fetcher } from './server.ts';

/** What answers on the main port. */
export interface MainDoorParts {
  readonly provider: Fetcher;
  readonly discharge: Fetcher;
  readonly dashboard: Fetcher;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly engine: Store['engine'];
  readonly now: () => Date;
}

/**
 * The main port: first segment decides who answers. Each part sees the target as it came, because it may have
 * been signed.
 */
export function createMainDoor(parts: MainDoorParts): Fetcher {
  const { metrics, readiness, engine, now } = parts;
  const serving = (): Record<string, string> => ({ database: engine, now: now().toISOString() });
  const about = { metrics, readiness, serving, others: createDocs() };
  return {
    fetch: async (request: Request, door: RequestContext): Promise<Response> => {
      const { path } = splitTarget(door.rawTarget);
      switch (path.split('/')[1]) {
        case 'flyio':
          return await parts.provider.fetch(request, door);
        case 'discharge':
          return await parts.discharge.fetch(request, door);
        case 'healthz':
        case 'readyz':
        case 'metrics':
        case 'docs':
          return await operational(path, request, door, about);
        default:
          return await parts.dashboard.fetch(request, door);
      }
    },
  };
}
