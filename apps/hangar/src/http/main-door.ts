import { type RequestContext, HangarError, splitTarget, answerError } from '@hangar/http';
import type { Store } from '@hangar/store';
import { createDocs } from './docs-pages.ts';
import type { Metrics } from './metrics.ts';
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
  const docs = createDocs();
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
          return await operational(path, request, door, { ...parts, docs });
        default:
          return await parts.dashboard.fetch(request, door);
      }
    },
  };
}

/** What operators and their tools read. Nothing here changes anything, so nothing but reading is known. */
async function operational(
  path: string,
  request: Request,
  door: RequestContext,
  parts: MainDoorParts & { readonly docs: (path: string) => Response },
): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new HangarError('method_not_allowed', { headers: { allow: 'GET, HEAD' } });
  }
  switch (path) {
    case '/healthz':
      return Response.json({ status: 'ok' });
    case '/readyz':
      return await ready(parts, door);
    case '/metrics':
      return await parts.metrics.page(request.headers.get('authorization'));
    default:
      return parts.docs(path);
  }
}

async function ready(parts: MainDoorParts, door: RequestContext): Promise<Response> {
  try {
    await parts.readiness.check();
  } catch (thrown) {
    return answerError(thrown, door);
  }
  return Response.json({ status: 'ready', database: parts.engine, now: parts.now().toISOString() });
}
