import { answerError, HangarError, type RequestContext, splitTarget } from '@hangar/http';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

/** What operators and their tools read. */
export interface OperationalParts {
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  /** What is told beside `ready`. */
  readonly serving: () => Readonly<Record<string, string>>;
  /** Everything else. */
  readonly others: (path: string, query: string) => Response;
}

/** `/healthz`, `/readyz` and `/metrics`. Nothing here changes anything, so nothing but reading is known. */
export async function operational(
  path: string,
  request: Request,
  door: RequestContext,
  parts: OperationalParts,
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
      return parts.others(path, splitTarget(door.rawTarget).query);
  }
}

async function ready({ readiness, serving }: OperationalParts, door: RequestContext): Promise<Response> {
  try {
    await readiness.check();
  } catch (thrown) {
    return answerError(thrown, door);
  }
  return Response.json({ status: 'ready', ...serving() });
}
