import { isPresetName, type RevocationTarget } from '@hangar/authority';
import type { LeakView, MintedView, RevokedView } from '@hangar/dashboard/wire';
import { HangarError } from '@hangar/security';
import { z } from 'zod';
import { fitting } from './fitting.ts';
import type { WorkspaceFacts } from './ports.ts';
import { tokenView } from './token-answers.ts';
import type { DashboardParts, ExtensionVisit, ViewerVisit } from './visit.ts';

const appNumber = z.string().regex(/^[1-9]\d{0,17}$/, 'the number of an app');

const mintWish = z.strictObject({
  preset: z.string().refine(isPresetName, 'no such preset'),
  name: z.string().trim().min(1, 'a name, so that it can be found in the list').max(200),
  app: appNumber.optional(),
  lifetimeSeconds: z.int().min(1).optional(),
});

const revokeAllWish = z.union([
  z.strictObject({ creator: z.string().min(1).max(200) }),
  z.strictObject({ app: appNumber }),
]);

const leakWish = z.strictObject({
  token: z.string().min(1).max(65_536),
  reason: z.string().max(500).optional(),
});

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `POST …/tokens/mint`. The creator is who is signed in, whatever was sent; the workspace is the extension's. */
export async function mintToken(parts: DashboardParts, visit: ExtensionVisit): Promise<Response> {
  const { preset, name, app, lifetimeSeconds } = fitting(mintWish, visit.body);
  const workspace = await workspaceOf(parts, visit);
  if (app !== undefined && !workspace.apps.some(({ number }) => number === BigInt(app))) {
    throw new HangarError('invalid', { fields: { app: 'no such app in this workspace' } });
  }
  const minted = await parts.tokens.mint({
    workspace: workspace.number,
    preset,
    name,
    creator: visit.login.userId,
    ...(app === undefined ? {} : { appId: BigInt(app) }),
    ...(lifetimeSeconds === undefined ? {} : { expiresInSeconds: lifetimeSeconds }),
  });
  logged(parts, visit, 'token minted in the dashboard', { token: minted.id, preset });
  const view: MintedView = { token: minted.token, item: tokenView(minted.row, workspace, parts.now()) };
  return Response.json(view, { status: 201, headers: { 'cache-control': 'no-store' } });
}

/** `POST …/tokens/:tokenId/revoke`. Twice is as good as once: a double click has one effect and no error. */
export async function revokeToken(parts: DashboardParts, visit: ExtensionVisit): Promise<RevokedView> {
  const tokenId = visit.param('tokenId');
  const workspace = await workspaceOf(parts, visit);
  const token = uuid.test(tokenId) ? await parts.tokens.get(workspace.number, tokenId) : undefined;
  if (token === undefined) throw new HangarError('not_found', { detail: 'no such token of this extension' });
  return await revoke(parts, visit, workspace.number, { token: token.id });
}

/** `POST …/tokens/revoke-all`: every token of a creator, or for an app, within the extension's workspace. */
export async function revokeAll(parts: DashboardParts, visit: ExtensionVisit): Promise<RevokedView> {
  const wish = fitting(revokeAllWish, visit.body);
  const workspace = await workspaceOf(parts, visit);
  const target = 'app' in wish ? { app: BigInt(wish.app) } : wish;
  return await revoke(parts, visit, workspace.number, target);
}

/**
 * `POST /api/tokens/report`: passes a text that was found on to the authority's own door, which ends that branch and
 * nothing above it. Whose token it is makes no difference, so any signed-in person may.
 */
export async function reportLeak(parts: DashboardParts, visit: ViewerVisit): Promise<LeakView | Response> {
  const { token, reason } = fitting(leakWish, visit.body);
  const target = '/hangar/v1/tokens/revoke';
  const request = new Request(new URL(target, visit.request.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, reason: reason ?? 'reported in the dashboard' }),
  });
  const answer = await parts.revocationDoor(request, { ...visit.door, rawTarget: target });
  if (!answer.ok) return answer;
  const { root_token: id } = z.object({ root_token: z.string() }).parse(await answer.json());
  logged(parts, visit, 'leak reported in the dashboard', { token: id });
  return { id };
}

async function workspaceOf(
  { reads }: DashboardParts,
  { organizationIds, extension }: ExtensionVisit,
): Promise<WorkspaceFacts> {
  const workspace = await reads.workspace(organizationIds, extension.id);
  if (workspace === undefined)
    throw new HangarError('not_found', { detail: 'the extension has no workspace yet' });
  return workspace;
}

async function revoke(
  parts: DashboardParts,
  visit: ExtensionVisit,
  workspace: bigint,
  target: RevocationTarget,
): Promise<RevokedView> {
  const reached = await parts.tokens.revoke({ workspace, target, by: visit.login.userId });
  logged(parts, visit, 'tokens revoked in the dashboard', {
    target: Object.keys(target)[0],
    tokens: reached,
  });
  return { done: true, tokens: reached.length };
}

function logged(
  { log }: DashboardParts,
  { login, door }: ViewerVisit,
  what: string,
  fields: Readonly<Record<string, unknown>>,
): void {
  log.info({ ...fields, user: login.userId, requestId: door.requestId }, what);
}
