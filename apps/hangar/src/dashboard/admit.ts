import { type Door, HangarError, isExtensionId, parseStrictJson, readBody } from '@hangar/security';
import { assertFromOurPage } from './same-page.ts';
import type { DashboardRoute } from './routes.ts';
import { assertAdmin, organizationsOf } from './viewer.ts';
import type { DashboardParts, ExtensionVisit, ViewerVisit, Visit } from './visit.ts';

/** A request before anything about it was believed. */
export interface Asked {
  readonly request: Request;
  readonly door: Door;
  readonly parts: DashboardParts;
  readonly publicOrigin: string;
  readonly route: Pick<DashboardRoute, 'method' | 'audience' | 'maxBodyBytes'>;
  /** A member of the path, decoded; the empty text when there is none. */
  param(name: string): string;
}

/** Most changes are told everything by their path; a body is then only there to make the request JSON. */
const EMPTY_BODY_BYTES = 1024;

/** What an id in a path may look like; anything else is not looked for. */
const plainId = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

/**
 * From request to visit, one step per audience; each begins with the one before. The order is fixed: who, from our
 * own page, whose extension, which role. A stranger to the organization hears 404 before roles are considered.
 */
export const admit = {
  async anyone({ request, door, parts }: Asked): Promise<Visit> {
    return { request, door, login: await parts.logins.identify(request) };
  },

  async viewer({ request, door, parts, route, publicOrigin }: Asked): Promise<ViewerVisit> {
    // Roles must be true now for what only admins do; signing out must work even while Fly.io is away.
    const login = await parts.logins.identify(
      request,
      route.audience === 'admin' ? { maxAgeSeconds: 0 } : {},
    );
    if (login === undefined) throw new HangarError('login_required');
    if (route.method === 'GET') return { request, door, login, body: undefined };
    assertFromOurPage(request, login, parts.logins, publicOrigin);
    const body = await readJsonBody(request, route.maxBodyBytes ?? EMPTY_BODY_BYTES);
    if (route.maxBodyBytes === undefined) assertEmpty(body);
    return { request, door, login, body };
  },

  async member(asked: Asked): Promise<ExtensionVisit> {
    const visit = await admit.viewer(asked);
    const organizationIds = organizationsOf(visit.login);
    const id = asked.param('extensionId');
    const extension = isExtensionId(id) ? await asked.parts.reads.extension(organizationIds, id) : undefined;
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

function plain(id: string): string {
  if (!plainId.test(id)) throw new HangarError('not_found', { detail: 'an id of this form does not exist' });
  return id;
}

async function readJsonBody(request: Request, maxBytes: number): Promise<unknown> {
  const parsed = parseStrictJson(await readBody(request, maxBytes));
  if (parsed.ok) return parsed.value;
  throw new HangarError('bad_request', { detail: `the body is not JSON: ${parsed.reason.tag}` });
}

function assertEmpty(body: unknown): void {
  const isEmptyObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (!isEmptyObject || Object.keys(body).length > 0) {
    throw new HangarError('invalid', { public: 'the body must be an empty JSON object' });
  }
}
