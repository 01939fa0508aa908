import type { Hono } from 'hono';
import { clear, organizationScope, type Access, type Macaroon } from '@hangar/macaroon';
import { HangarError } from '@hangar/security';
import { z } from 'zod';
import { explainClearing } from '../caller.ts';
import { hangarCaveats } from '../caveats/registry.ts';
import type { CaveatMeters } from '../caveats/facts.ts';
import type { BranchLimit } from '../caveats/limits.ts';
import { inspectTokens } from '../inspect.ts';
import { mapPermissionTokens, narrowTokens } from '../narrow.ts';
import { headerReason } from '../token-reason.ts';
import { tokenError } from '../token-error.ts';
import type { TokenReader } from '../verify.ts';
import { jsonResponse, RawJson } from './json.ts';
import { invalidBody, readCaveats } from './mint-body.ts';
import type { DoorEnv, DoorTools } from './tokens-door.ts';
import { asMintFault } from '../issuer/mint.ts';

/** Maps a request of the gateway to the access it would need; undefined when there is no such route. */
export type RouteAccess = (o: {
  method: string;
  path: string;
  workspace: bigint;
}) => Promise<Access | undefined>;

/** What questions about token texts need. */
export interface TokenTextOptions {
  readonly location: string;
  readonly reader: TokenReader;
  readonly meters: CaveatMeters;
  /** Adds the login caveat; only the authority can. */
  readonly requireLogin: (token: Macaroon, workspace: bigint) => Promise<Macaroon>;
  readonly routeAccess: RouteAccess | undefined;
  readonly now: () => Date;
}

const text = z.string().min(1).max(65_536);
const inspectBody = z.strictObject({ token: text });
const attenuateBody = z.strictObject({
  token: text,
  caveats: z.array(z.unknown()).max(256).default([]),
  require_login: z.boolean().default(false),
});
const checkBody = z.strictObject({
  token: text,
  method: z.string().max(16),
  path: z.string().startsWith('/').max(4096),
  source: z.string().max(64).optional(),
});

/**
 * inspect, attenuate and check: whoever has the text of a token may ask what it says. None of them
 * needs another token, and none gives more than the text gave.
 */
export function registerTokenText(app: Hono<DoorEnv>, tools: DoorTools, options: TokenTextOptions): void {
  const { location, reader, now } = options;

  app.post('/inspect', async (c) => {
    tools.limited(c);
    const { token } = parsed(inspectBody, await tools.body(c));
    const inspection = inspectTokens(token, location);
    const each = await reader.readEach(token);
    const verdicts = each.ok ? each.value : [];
    let permission = 0;
    const tokens = inspection.tokens.map((one) => {
      if (one.kind === 'unreadable')
        return { kind: one.kind, position: one.position, sentence: one.sentence };
      const verdict = one.kind === 'permission' && each.ok ? verdicts[permission++] : undefined;
      return {
        kind: one.kind,
        id: one.id,
        location: one.location,
        branch: one.branch,
        expires_at: one.expiresAt ?? null,
        sentences: one.sentences,
        caveats: new RawJson(one.caveats),
        ...(verdict === undefined ? {} : { verified: verdict.ok }),
        ...(verdict === undefined || verdict.ok
          ? {}
          : { problem: { code: verdict.reason.code, sentence: verdict.reason.sentence } }),
      };
    });
    return jsonResponse(200, {
      tokens,
      ...(each.ok ? {} : { problem: { code: each.reason.code, sentence: each.reason.sentence } }),
      effective_expiry: inspection.effectiveExpiry ?? null,
      missing_discharges: inspection.missingDischarges,
    });
  });

  app.post('/attenuate', async (c) => {
    tools.limited(c);
    const body = parsed(attenuateBody, await tools.body(c));
    const caveats = readCaveats(body.caveats);
    try {
      const narrowed = narrowTokens(body.token, caveats, location);
      if (!narrowed.ok) throw tokenError(headerReason(narrowed.reason));
      const asking = body.require_login
        ? await mapPermissionTokens(narrowed.value, location, async (macaroon) => {
            const scope = organizationScope(macaroon.caveats);
            if (!scope.ok)
              throw new HangarError('bad_request', { public: 'the token is for no single organization' });
            return await options.requireLogin(macaroon, scope.value);
          })
        : narrowed;
      if (!asking.ok) throw tokenError(headerReason(asking.reason));
      const inspection = inspectTokens(asking.value, location);
      return jsonResponse(200, {
        token: asking.value,
        length: asking.value.length,
        effective_expiry: inspection.effectiveExpiry ?? null,
        missing_discharges: inspection.missingDischarges,
      });
    } catch (error) {
      throw asMintFault(error);
    }
  });

  app.post('/check', async (c) => {
    tools.limited(c);
    const body = parsed(checkBody, await tools.body(c));
    const tokens = await reader.read(body.token);
    if (!tokens.ok) {
      const { code, sentence, tokenId, location: place } = tokens.reason;
      return jsonResponse(200, { allowed: false, code, sentence, token_id: tokenId, location: place });
    }
    // A question must not use up anybody's rate; what only the rows know is told instead of judged.
    const subjectTo: string[] = [];
    const owe = (limit: BranchLimit): boolean => limit.kind === 'exec' || subjectTo.push(limit.caveat) > 0;
    const registry = hangarCaveats({ ...options.meters, take: () => true, owe });
    for (const [index, token] of tokens.value.entries()) {
      const access = await options.routeAccess?.({
        method: body.method,
        path: body.path,
        workspace: token.workspace,
      });
      if (!access) throw new HangarError('not_found', { public: 'no such route, or nothing of that name' });
      const asked: Access = {
        ...access,
        now: now(),
        ...(body.source === undefined
          ? {}
          : { extension: { ...access.extension, remoteAddress: body.source } }),
      };
      subjectTo.length = 0;
      const outcome = clear(token.verified, asked, registry);
      if (outcome.ok) {
        const limits = subjectTo.length === 0 ? {} : { subject_to: subjectTo };
        return jsonResponse(200, { allowed: true, token_id: token.id, ...limits });
      }
      if (index < tokens.value.length - 1) continue;
      const refusal = explainClearing(token.id, asked, outcome.reason);
      return jsonResponse(200, {
        allowed: false,
        code: refusal.code,
        caveat: refusal.caveat,
        sentence: refusal.sentence,
        token_id: token.id,
      });
    }
    throw new HangarError('internal', { detail: 'a bundle without tokens was read' });
  });
}

/** The body, or an `invalid` that names its fields. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const outcome = schema.safeParse(value);
  if (!outcome.success) throw invalidBody(outcome.error);
  return outcome.data;
}
