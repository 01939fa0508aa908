import type { Hono } from 'hono';
import { Action } from '@hangar/macaroon';
import { callerOf, HangarError, onlyAllow } from '@hangar/http';
import { z } from 'zod';
import type { RateLimiter } from './rate-limiter.ts';
import type { RateLimit } from '../ports.ts';
import type { RevocationTarget } from '../ports.ts';
import type { RevokedText, Tokens } from '../tokens.ts';
import { jsonResponse, parsed } from './json.ts';
import type { CallerWithTokens, DoorEnv, Deps } from './deps.ts';

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

/** Texts that somebody without a token hands in. A counter of their own: questions about tokens must not use it up. */
const FINDER_RATE: RateLimit = { perMinute: 120, burst: 60 };

/** What revoking over HTTP needs. */
export interface RevokeOptions {
  readonly tokens: Tokens;
  readonly limiter: RateLimiter;
  readonly now: () => Date;
}

/**
 * `POST /revoke`. Who holds the text of a token may end that very copy of it with no other proof: it is how a finder
 * reports a leak. Everything wider needs a token that may delete the workspace's tokens. Whoever shows a token that
 * holds never waits for strangers.
 */
export function registerRevoke(app: Hono<DoorEnv>, options: RevokeOptions, deps: Deps): void {
  const { tokens, limiter, now } = options;

  app.post('/revoke', async (c) => {
    const wish = parsed(body, await deps.body(c));
    const why = wish.reason === undefined ? {} : { reason: wish.reason };
    if ('token' in wish) {
      const known = await deps.callerIfAny(c);
      if (wish.scope === 'branch') {
        if (!known) limit(c.env.door.remoteAddress);
        const revoked = await tokens.revokeText({ text: wish.token, by: nameOf(known), ...why });
        return jsonResponse(200, textAnswer('branch', revoked));
      }
      const caller = known ?? (await deps.caller(c));
      const revoked = await tokens.revokeText({
        text: wish.token,
        by: nameOf(caller),
        ...why,
        demandWhole: (workspace) => {
          if (workspace !== caller.caller.workspace) throw new HangarError('not_found');
          return deps.demandTokens(c, caller, Action.delete);
        },
      });
      return jsonResponse(200, textAnswer('token', revoked));
    }
    const known = await deps.caller(c, wish.org_slug);
    const { workspace } = known.caller;
    if ('id' in wish && !(await tokens.get(workspace, wish.id))) throw new HangarError('not_found');
    const asker = deps.demandTokens(c, known, Action.delete);
    const target = targetOf(wish);
    const reached = await tokens.revoke({ workspace, target, by: nameOf(known), asker, ...why });
    return jsonResponse(200, { revoked: formOf(wish), tokens: reached, effective: now() });
  });

  app.all('/revoke', onlyAllow('POST'));

  function limit(remoteAddress: string | undefined): void {
    const wait = limiter.take(`finder ${callerOf(remoteAddress)}`, FINDER_RATE);
    if (wait !== undefined) throw new HangarError('rate_limited', { retryAfterSeconds: wait });
  }

  function textAnswer(scope: 'branch' | 'token', { copies, reached }: RevokedText): object {
    const all = copies.map((copy) => ({ digest: `sha256:${copy.branch}`, root_token: copy.id }));
    return { revoked: scope, ...all[0], tokens: reached, all, effective: now() };
  }
}

function nameOf(known: CallerWithTokens | undefined): string {
  return known ? `token ${known.caller.tokenId}` : 'holder of the text';
}

type Wish = Exclude<z.infer<typeof body>, { token: string }>;

function formOf(wish: Wish): 'branch' | 'token' | 'creator' | 'app' | 'key' {
  if ('branch' in wish) return 'branch';
  if ('id' in wish) return 'token';
  if ('creator' in wish) return 'creator';
  return 'app' in wish ? 'app' : 'key';
}

function targetOf(wish: Wish): RevocationTarget {
  if ('branch' in wish) return { branches: [{ digest: wish.branch.replace('sha256:', '') }] };
  if ('id' in wish) return { token: wish.id };
  if ('creator' in wish) return { creator: wish.creator };
  return 'app' in wish ? { app: BigInt(wish.app) } : { key: BigInt(wish.key) };
}
