import type { DoneView } from '@hangar/dashboard/wire';
import { HangarError } from '@hangar/security';
import type { DashboardParts, ExtensionVisit, ViewerVisit } from './visit.ts';

const done: DoneView = { done: true };

/** `POST …/deliveries/:deliveryId/redeliver`. */
export async function redeliver(parts: DashboardParts, visit: ExtensionVisit): Promise<DoneView> {
  const deliveryId = visit.param('deliveryId');
  const { organizationIds, extension, login, door } = visit;
  const delivery = await parts.reads.delivery(organizationIds, extension.id, deliveryId);
  if (delivery === undefined)
    throw new HangarError('not_found', { detail: 'no such delivery of this extension' });
  if (delivery.newestAttempt === null) {
    throw new HangarError('state_conflict', { public: 'it is still waiting for its first attempt' });
  }
  const kept = await parts.actions.redeliver({ attemptId: delivery.newestAttempt, by: login.userId });
  if (!kept) throw new HangarError('not_found', { detail: 'the attempt is no longer kept' });
  parts.log.info(
    { extension: extension.id, delivery: deliveryId, user: login.userId, requestId: door.requestId },
    'webhook sent again from the dashboard',
  );
  return done;
}

/** `POST /api/sign-out`. The provider ends the login and says how the cookie goes. */
export async function signOut({ logins }: DashboardParts, { request }: ViewerVisit): Promise<Response> {
  const ended = await logins.signOut(request);
  const headers = new Headers();
  for (const cookie of ended.headers.getSetCookie()) headers.append('set-cookie', cookie);
  return Response.json(done, { headers });
}
