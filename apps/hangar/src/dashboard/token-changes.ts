import { isFit, isPresetName, type RevocationTarget } from '@hangar/authority';
import type { LeakView, MintedView, RevokedView } from '@hangar/dashboard/wire';
import { HangarError } from '@hangar/http';
import { z } from 'zod';
import { fitting } from './fitting.ts';
import type { WorkspaceFacts } from './ports.ts';
import { tokenView } from './token-answers.ts';
import type { Change, ExtensionVisit, Questions, ViewerVisit } from './visit.ts';

/** A database takes no control characters. */
const fitText = z.string().refine(isFit, 'control characters are not accepted');

const appNumber = z.string().regex(/^[1-9]\d{0,17}$/, 'the number of an app');

const mintWish = z.strictObject({
  preset: z.string().refine(isPresetName, 'no such preset'),
  name: z.string().trim().min(1, 'a name, so that it can be found in the list').max(200),
  app: appNumber.optional(),
  lifetimeSeconds: z.int().min(1).optional(),
});

const revokeAllWish = z.union([
  z.strictObject({ creator: fitText.min(1).max(200) }),
  z.strictObject({ app: appNumber }),
]);

const leakWish = z.strictObject({
  token: z.string().min(1).max(65_536),
  reason: fitText.max(500).optional(),
});

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `POST …/tokens/mint`. The creator is who is signed in, whatever was sent; the workspace is the extension's. */
export async function mintToken(questions: Questions, visit: ExtensionVisit): Promise<Change> {
  const { preset, name, app, lifetimeSeconds } = fitting(mintWish, visit.body);
  const workspace = await workspaceOf(questions, visit);
  if (app !== undefined && !workspace.apps.some(({ number }) => number === BigInt(app))) {
    throw new HangarError('invalid', { fields: { app: 'no such app in this workspace' } });
  }
  return async ({ tokens }) => {
    const minted = await tokens.mint({
      workspace: workspace.number,
      preset,
      name,
      creator: visit.login.userId,
      appId: app === undefined ? undefined : BigInt(app),
      expiresInSeconds: lifetimeSeconds,
    });
    logged(questions, visit, 'token minted in the dashboard', { token: minted.id, preset });
    const view: MintedView = { token: minted.token, item: tokenView(minted.row, workspace, questions.now()) };
    return Response.json(view, { status: 201, headers: { 'cache-control': 'no-store' } });
  };
}

/** `POST …/tokens/:tokenId/revoke`. Twice is as good as once: a double click has one effect and no error. */
export async function revokeToken(questions: Questions, visit: ExtensionVisit): Promise<Change> {
  const tokenId = visit.param('tokenId');
  const workspace = await workspaceOf(questions, visit);
  const token = UUID.test(tokenId) ? await questions.tokens.get(workspace.number, tokenId) : undefined;
  if (token === undefined) throw new HangarError('not_found', { detail: 'no such token of this extension' });
  return revoking(questions, visit, workspace.number, { token: token.id });
}

/** `POST …/tokens/revoke-all`: every token of a creator, or for an app, within the extension's workspace. */
export async function revokeAll(questions: Questions, visit: ExtensionVisit): Promise<Change> {
  const wish = fitting(revokeAllWish, visit.body);
  const workspace = await workspaceOf(questions, visit);
  const target = 'app' in wish ? { app: BigInt(wish.app) } : wish;
  return revoking(questions, visit, workspace.number, target);
}

/**
 * `POST /api/tokens/report`: ends the copy whose text was found, and nothing above it. Whose token it is makes no
 * difference, so any signed-in person may; strangers at the same address use up nothing of it.
 */
export async function reportLeak(questions: Questions, visit: ViewerVisit): Promise<Change> {
  const { token, reason } = fitting(leakWish, visit.body);
  return async ({ tokens }) => {
    const { copies } = await tokens.revokeText({
      text: token,
      by: visit.login.userId,
      reason: reason ?? 'reported in the dashboard',
    });
    const { id } = copies[0];
    logged(questions, visit, 'leak reported in the dashboard', { token: id });
    const view: LeakView = { id };
    return view;
  };
}

async function workspaceOf(
  { reads }: Questions,
  { organizationIds, extension }: ExtensionVisit,
): Promise<WorkspaceFacts> {
  const workspace = await reads.workspace(organizationIds, extension.id);
  if (workspace === undefined)
    throw new HangarError('not_found', { detail: 'the extension has no workspace yet' });
  return workspace;
}

function revoking(
  questions: Questions,
  visit: ExtensionVisit,
  workspace: bigint,
  target: RevocationTarget,
): Change {
  return async ({ tokens }) => {
    const reached = await tokens.revoke({ workspace, target, by: visit.login.userId });
    logged(questions, visit, 'tokens revoked in the dashboard', {
      target: Object.keys(target)[0],
      tokens: reached,
    });
    const view: RevokedView = { done: true, tokens: reached.length };
    return view;
  };
}

function logged(
  { log }: Questions,
  { login, door }: ViewerVisit,
  what: string,
  fields: Readonly<Record<string, unknown>>,
): void {
  log.info({ ...fields, user: login.userId, requestId: door.requestId }, what);
}
