import { HangarError } from '@hangar/http';
import { isExtensionId } from '@hangar/security';
import { assertFromOurPage } from './same-page.ts';
import type { DashboardRoute } from './routes.ts';
import { assertAdmin, organizationsOf } from './viewer.ts';
import type { ExtensionVisit, Questions, ViewerVisit, Visit } from './visit.ts';
import type { WholeRequest } from './whole.ts';

/** A request before anything about it was believed. */
export interface Asked {
  readonly whole: WholeRequest;
  readonly questions: Questions;
  readonly publicOrigin: string;
  readonly route: DashboardRoute;
  /** A member of the path, decoded; the empty text when there is none. */
  param(name: string): string;
}

/** What an id in a path may look like; anything else is not looked for. */
const PLAIN_ID = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

/**
 * From request to visit, one step per audience; each begins with the one before. The order is fixed: who, from our
 * own page, whose extension, which role. A stranger to the organization hears 404 before roles are considered.
 */
export const admit = {
  async anyone({ whole, questions }: Asked): Promise<Visit> {
    return { head: whole.head, door: whole.door, login: await questions.logins.identify(whole.head) };
  },

  async viewer({ whole, questions, route, publicOrigin }: Asked): Promise<ViewerVisit> {
    const { head, door } = whole;
    // Roles must be true now for what only admins do; signing out must work even while Fly.io is away.
    const login = await questions.logins.identify(
      head,
      route.audience === 'admin' ? { maxAgeSeconds: 0 } : {},
    );
    if (login === undefined) throw new HangarError('login_required');
    if (route.method === 'GET') return { head, door, login, body: undefined };
    assertFromOurPage(head, login, questions.logins, publicOrigin);
    const body = whole.json();
    if (route.maxBodyBytes === undefined) assertEmpty(body);
    return { head, door, login, body };
  },

  async member(asked: Asked): Promise<ExtensionVisit> {
    const visit = await admit.viewer(asked);
    const organizationIds = organizationsOf(visit.login);
    const id = asked.param('extensionId');
    const { reads } = asked.questions;
    const extension = isExtensionId(id) ? await reads.extension(organizationIds, id) : undefined;
    if (extension === undefined)
      throw new HangarError('not_found', { detail: 'no such extension for this viewer' });
    return { ...visit, organizationIds, extension, param: (name) => plain(asked.param(name)) };
  },

  async admin(asked: Asked): Promise<ExtensionVisit> {
    const visit = await admit.member(asked);
    assertAdmin(visit.login, visit.extension.organizationId);
    return visit;
  },
};

/**
 * Whether a visit would still be admitted, right before its effect: Fly.io and the database were asked things
 * meanwhile, and that can take seconds. Only what is stored counts here, so nothing is waited for again.
 */
export async function assertStillAdmitted(
  { questions: { logins } }: Asked,
  visit: ViewerVisit & Partial<ExtensionVisit>,
): Promise<void> {
  const login = await logins.identify(visit.head, { maxAgeSeconds: Number.POSITIVE_INFINITY });
  if (login?.userId !== visit.login.userId) throw new HangarError('login_required');
  if (visit.extension === undefined) return;
  const { organizationId } = visit.extension;
  if (!organizationsOf(login).includes(organizationId)) throw new HangarError('not_found');
  assertAdmin(login, organizationId);
}

function plain(id: string): string {
  if (!PLAIN_ID.test(id)) throw new HangarError('not_found', { detail: 'an id of this form does not exist' });
  return id;
}

function assertEmpty(body: unknown): void {
  const isEmptyObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (!isEmptyObject || Object.keys(body).length > 0) {
    throw new HangarError('invalid', { public: 'the body must be an empty JSON object' });
  }
}
