import type { ExtensionSummary, ExtensionView, ListView, MeView, UsageView } from '@hangar/dashboard/wire';
import type { ExtensionFacts } from './ports.ts';
import { isPagePath } from './page/pages.ts';
import { organizationsOf, roleIn } from './viewer.ts';
import type { ExtensionVisit, Questions, ViewerVisit, Visit } from './visit.ts';

/** `GET /api/me?return_to=`: who is asking, or where to sign in. Never an error, so that a page can always begin. */
export async function whoAmI({ logins, product, now }: Questions, { head, login }: Visit): Promise<MeView> {
  if (login === undefined) {
    const wanted = new URL(head.url).searchParams.get('return_to') ?? '/';
    return { signedIn: false, product, signInUrl: logins.startUrl(isPagePath(wanted) ? wanted : '/') };
  }
  return {
    signedIn: true,
    product,
    user: { id: login.userId, email: login.email ?? login.userId },
    organizations: organizationsOf(login).map((id) => ({ id, role: roleIn(login, id) })),
    csrfToken: logins.csrfToken(login),
    now: now().toISOString(),
  };
}

/** `GET /api/extensions`: those of every organization the viewer belongs to. */
export async function listExtensions(
  { reads }: Questions,
  { login }: ViewerVisit,
): Promise<ListView<ExtensionSummary>> {
  const { items, more } = await reads.extensions(organizationsOf(login));
  return { items: items.map((facts) => withRole(facts, { login })), more };
}

/** `GET /api/extensions/:extensionId`. */
export async function showExtension(_: Questions, visit: ExtensionVisit): Promise<ExtensionView> {
  return withRole(visit.extension, visit);
}

/** `GET /api/extensions/:extensionId/environments`. */
export async function listEnvironments({ reads }: Questions, { organizationIds, extension }: ExtensionVisit) {
  return await reads.environments(organizationIds, extension.id);
}

/** `GET /api/extensions/:extensionId/deliveries`: announcements to Fly.io. */
export async function listDeliveries({ reads }: Questions, { organizationIds, extension }: ExtensionVisit) {
  return await reads.deliveries(organizationIds, extension.id);
}

/** `GET /api/extensions/:extensionId/events`: what Fly.io said about its machines. */
export async function listMachineEvents(
  { reads }: Questions,
  { organizationIds, extension }: ExtensionVisit,
) {
  return await reads.machineEvents(organizationIds, extension.id);
}

/** `GET /api/extensions/:extensionId/usage`: this calendar month in UTC, the period that is billed. */
export async function showUsage(
  { usage, now }: Questions,
  { extension }: ExtensionVisit,
): Promise<UsageView> {
  const to = now();
  const from = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth(), 1));
  return { from: from.toISOString(), to: to.toISOString(), lines: await usage(extension.id, { from, to }) };
}

function withRole(facts: ExtensionFacts, { login }: Pick<ViewerVisit, 'login'>): ExtensionView {
  return { ...facts, role: roleIn(login, facts.organizationId) };
}
