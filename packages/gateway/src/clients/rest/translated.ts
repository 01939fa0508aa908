import { HangarError } from '@hangar/http';
import type { Answer } from '../../answer/respond.ts';
import { isObject, invalid } from '../../rules/json.ts';
import type { Exchange } from '../../upstream/exchange.ts';
import { Asking, pathTo, type OwnDoor } from '../asking.ts';

/** `POST /api/v1/releases` names the app in its body; it is asked again with the app in the path. */
export async function orderRelease(exchange: Exchange, own: OwnDoor): Promise<Answer> {
  const { app, body } = appIn(exchange);
  const path = pathTo`/api/v1/apps/${app}/releases`;
  const { image, strategy, definition } = body;
  const asked = { image, strategy, definition };
  return { status: 201, json: await new Asking(exchange, own).change('POST', path, asked) };
}

/** `PATCH /api/v1/releases/{release-id}` names the release alone, which names its app. */
export async function reportReleaseById(exchange: Exchange, own: OwnDoor): Promise<Answer> {
  const id = exchange.plan.params['release-id'] ?? '';
  const dot = id.lastIndexOf('.');
  const path = pathTo`/api/v1/apps/${id.slice(0, dot)}/releases/${id.slice(dot + 1)}`;
  const body = exchange.whole.json();
  const status = isObject(body) ? body['status'] : undefined;
  return { status: 200, json: await new Asking(exchange, own).change('PATCH', path, { status }) };
}

/** Of no build is anything kept: an image comes from a registry as it is. So all of them have one number. */
const BUILD_ID = 1;

/**
 * `POST /api/v1/builds` and `…/finish`: flyctl's own account of having found an image, which it gives before every deployment.
 * The answer is 200; flyctl warns at anything else.
 */
export async function noteBuild(exchange: Exchange, own: OwnDoor): Promise<Answer> {
  const { app, body } = appIn(exchange);
  await new Asking(exchange, own).get(pathTo`/v1/apps/${app}`);
  const status = typeof body['status'] === 'string' ? body['status'] : 'started';
  if (!['started', 'completed', 'failed'].includes(status))
    throw invalid('status', 'expected one of completed, failed');
  return { status: 200, json: { id: BUILD_ID, status, wallclock_time_ms: 0 } };
}

function appIn({ whole }: Exchange): { app: string; body: Readonly<Record<string, unknown>> } {
  const body = whole.json();
  if (!isObject(body)) throw new HangarError('bad_request', { public: 'the body must be an object' });
  const app = body['app_name'];
  if (typeof app !== 'string') throw invalid('app_name', 'must be a string');
  return { app, body };
}
