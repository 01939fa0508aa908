import type { DoneView } from '@hangar/dashboard/wire';
import { HangarError } from '@hangar/http';
import type { Change, ExtensionVisit, Questions, ViewerVisit } from './visit.ts';

const done: DoneView = { done: true };

/** `POST …/deliveries/:deliveryId/redeliver`. */
export async function redeliver({ reads, log }: Questions, visit: ExtensionVisit): Promise<Change> {
  const deliveryId = visit.param('deliveryId');
  const { organizationIds, extension, login, door } = visit;
  const delivery = await reads.delivery(organizationIds, extension.id, deliveryId);
  if (delivery === undefined)
    throw new HangarError('not_found', { detail: 'no such delivery of this extension' });
  const attemptId = delivery.newestAttempt;
  if (attemptId === undefined) {
    throw new HangarError('state_conflict', { public: 'it is still waiting for its first attempt' });
  }
  return async ({ actions }) => {
    const kept = await actions.redeliver({ attemptId, by: login.userId });
    if (!kept) throw new HangarError('not_found', { detail: 'the attempt is no longer kept' });
    log.info(
      { extension: extension.id, delivery: deliveryId, user: login.userId, requestId: door.requestId },
      'webhook sent again from the dashboard',
    );
    return done;
  };
}

/** `POST /api/sign-out`. The provider ends the login and says how the cookie goes. */
export async function signOut(_: Questions, { head }: ViewerVisit): Promise<Change> {
  return async ({ logins }) => {
    const ended = await logins.signOut(head);
    const headers = new Headers();
    for (const cookie of ended.headers.getSetCookie()) headers.append('set-cookie', cookie);
    return Response.json(done, { headers });
  };
}
