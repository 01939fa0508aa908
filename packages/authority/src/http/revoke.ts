import type { Hono } from 'hono';
import { Action, parseBundle, type HeaderReason, type Macaroon } from '@hangar/macaroon';
import { HangarError, ok, type Result } from '@hangar/security';
import { z } from 'zod';
import type { RevocationTarget } from '../ports.ts';
import type { Tokens } from '../tokens.ts';
import { headerReason } from '../token-reason.ts';
import { windowOf } from '../validity.ts';
import { tokenError } from '../token-error.ts';
import type { RecognizedToken, TokenReader } from '../verify.ts';
import { jsonResponse } from './json.ts';
import { parsed } from './token-text.ts';
import type { DoorEnv, DoorTools } from './tokens-door.ts';

const reason = z.string().max(500).optional();
const orgSlug = z.string().max(63).optional();

const body = z.union([
  z.strictObject({
    token: z.string().min(1).max(65_536),
    scope: z.enum(['branch', 'token']).default('branch'),
    reason,
  }),
  z.strictObject({ branch: z.string().regex(/^(sha256:)?[0-9a-f]{64}$/), reason, org_slug: orgSlug }),
  z.strictObject({ id: z.string().regex(/^[0-9a-f-]{36}$/), reason, org_slug: orgSlug }),
  z.strictObject({ creator: z.string().min(1).max(200), reason, org_slug: orgSlug }),
  z.strictObject({ app: z.int().min(1), reason, org_slug: orgSlug }),
  z.strictObject({ key: z.int().min(1), reason, org_slug: orgSlug }),
]);

/** What revoking over HTTP needs. */
export interface RevokeOptions {
  readonly location: string;
  readonly reader: TokenReader;
  readonly tokens: Tokens;
  readonly now: () => Date;
}

/**
 * `POST /revoke`. Who holds the text of a token may end that very branch of it with no other proof: it
 * is how a finder reports a leak. Everything wider needs a token that may delete the workspace's tokens.
 */
export function registerRevoke(app: Hono<DoorEnv>, tools: DoorTools, options: RevokeOptions): void {
  const { tokens, now } = options;

  async function revokeText(
    text: string,
    scope: 'branch' | 'token',
    o: { by: string; reason: string | undefined; mayReach: (workspace: bigint) => void },
  ): Promise<Response> {
    const outcome = await recognizedIn(text, options);
    if (!outcome.ok) throw tokenError(headerReason(outcome.reason));
    const ours = outcome.value;
    // Forged and foreign tokens look the same as no token at all.
    if (ours.length === 0) throw new HangarError('not_found');
    const revoked = [];
    for (const token of ours) {
      if (scope === 'token') o.mayReach(token.workspace);
      const target: RevocationTarget = scope === 'token' ? { token: token.id } : branchOf(token);
      const reached = await tokens.revoke({
        workspace: token.workspace,
        target,
        by: o.by,
        ...(o.reason === undefined ? {} : { reason: o.reason }),
      });
      revoked.push({ digest: `sha256:${token.branch}`, root_token: token.id, tokens: reached });
    }
    return jsonResponse(200, { revoked: scope, ...revoked[0], all: revoked, effective: now() });
  }

  app.post('/revoke', async (c) => {
    tools.limited(c);
    const wish = parsed(body, await tools.body(c));
    if ('token' in wish) {
      if (wish.scope === 'branch') {
        return await revokeText(wish.token, 'branch', {
          by: 'holder of the text',
          reason: wish.reason,
          mayReach: () => undefined,
        });
      }
      const known = await tools.caller(c);
      return await revokeText(wish.token, 'token', {
        by: `token ${known.caller.tokenId}`,
        reason: wish.reason,
        mayReach: (workspace) => {
          if (workspace !== known.caller.workspace) throw new HangarError('not_found');
          tools.demandTokens(c, known, Action.delete);
        },
      });
    }
    const known = await tools.caller(c, wish.org_slug);
    const { workspace, tokenId } = known.caller;
    if ('id' in wish && !(await tokens.get(workspace, wish.id))) throw new HangarError('not_found');
    tools.demandTokens(c, known, Action.delete);
    const target = targetOf(wish);
    const reached = await tokens.revoke({
      workspace,
      target,
      by: `token ${tokenId}`,
      ...(wish.reason === undefined ? {} : { reason: wish.reason }),
    });
    return jsonResponse(200, { revoked: Object.keys(target)[0], tokens: reached, effective: now() });
  });

  app.all('/revoke', () => {
    throw new HangarError('method_not_allowed', { headers: { allow: 'POST' } });
  });
}

/** The tokens in a text that we signed. */
export async function recognizedIn(
  text: string,
  { location, reader }: Pick<RevokeOptions, 'location' | 'reader'>,
): Promise<Result<readonly RecognizedToken[], HeaderReason>> {
  const bundle = parseBundle(text, location);
  if (!bundle.ok) return bundle;
  const ours: RecognizedToken[] = [];
  for (const macaroon of bundle.value.permission) {
    const token = await reader.recognize(macaroon);
    if (token) ours.push(token);
  }
  return ok(ours);
}

/** The very copy whose text somebody has, and all that was narrowed from it. */
export function branchOf({ branch, macaroon }: RecognizedToken): RevocationTarget {
  return { branch, ...endOf(macaroon) };
}

type Wish = Exclude<z.infer<typeof body>, { token: string }>;

function targetOf(wish: Wish): RevocationTarget {
  if ('branch' in wish) return { branch: wish.branch.replace('sha256:', '') };
  if ('id' in wish) return { token: wish.id };
  if ('creator' in wish) return { creator: wish.creator };
  return 'app' in wish ? { app: BigInt(wish.app) } : { key: BigInt(wish.key) };
}

/** When the branch is over anyway, by windows that always apply. */
function endOf(macaroon: Macaroon): { expiresAt?: Date } {
  const { notAfter } = windowOf(macaroon.caveats.filter((caveat) => caveat.type === 'ValidityWindow'));
  const date = notAfter === undefined ? undefined : new Date(notAfter * 1000);
  return date === undefined || Number.isNaN(date.getTime()) ? {} : { expiresAt: date };
}
