import type { Hono } from 'hono';
import { clear, type Access, type Macaroon } from '@hangar/macaroon';
import { HangarError } from '@hangar/http';
import { tokenError, type BranchLimit, type HangarFacts } from '@hangar/contract';
import { z } from 'zod';
import { explainClearing } from '../read/caller.ts';
import { hangarCaveats } from '../caveats/registry.ts';
import type { CaveatMeters } from '../caveats/facts.ts';
import { inspectTokens, type Inspection } from '../offline/inspect.ts';
import { mapPermissionTokens, narrowTokens } from '../offline/narrow.ts';
import { textError } from '../token-reason.ts';
import type { TokenReader } from '../read/token-reader.ts';
import { jsonResponse, parsed, RawJson } from './json.ts';
import { readCaveats } from './mint-body.ts';
import type { DoorEnv, Deps } from './deps.ts';
import { asMintFault } from '../issuer/mint-request.ts';

/** Maps a request of the gateway to the access it would need; undefined when there is no such route. */
export type RouteAccess = (question: {
  method: string;
  path: string;
  workspace: bigint;
}) => Promise<Access<HangarFacts> | undefined>;

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

/**
 * Tickets that one request may have made. A preset is two texts at most, and a list of tokens for some workspaces a
 * few more; every ticket beyond that is one to start sign-ins with.
 */
const MAX_TICKETS = 8;

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
export function registerTokenText(app: Hono<DoorEnv>, options: TokenTextOptions, deps: Deps): void {
  const { location, reader, now } = options;

  app.post('/inspect', async (c) => {
    deps.limited(c);
    const { token } = parsed(inspectBody, await deps.body(c));
    const inspection = inspected(token, location);
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
        verified: verdict?.ok,
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
    deps.limited(c);
    const body = parsed(attenuateBody, await deps.body(c));
    const caveats = readCaveats(body.caveats);
    try {
      const narrowed = narrowTokens(body.token, caveats, location);
      if (!narrowed.ok) throw textError(narrowed.reason);
      let tickets = 0;
      const asking = body.require_login
        ? await mapPermissionTokens(narrowed.value, location, async (macaroon) => {
            if ((tickets += 1) > MAX_TICKETS) throw tooManyTickets();
            // Only what we signed: else anybody could have tickets made for any workspace.
            const ours = await reader.recognize(macaroon);
            if (!ours) throw new HangarError('not_found', { public: 'the token was not issued here' });
            const ended = await reader.ended(ours);
            if (ended) throw tokenError(ended);
            return await options.requireLogin(macaroon, ours.workspace);
          })
        : narrowed;
      if (!asking.ok) throw textError(asking.reason);
      const inspection = inspected(asking.value, location);
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
    deps.limited(c);
    const body = parsed(checkBody, await deps.body(c));
    const tokens = await reader.read(body.token);
    if (!tokens.ok && tokens.reason.code === 'header_too_large') throw textError({ tag: 'too_large' });
    if (!tokens.ok) {
      const { code, sentence, tokenId, location: place } = tokens.reason;
      return jsonResponse(200, { allowed: false, code, sentence, token_id: tokenId, location: place });
    }
    // A question must not use up anybody's rate; what only the rows know is told instead of judged.
    const subjectTo: string[] = [];
    const deferLimit = (limit: BranchLimit): boolean =>
      limit.kind === 'exec' || subjectTo.push(limit.caveat) > 0;
    const registry = hangarCaveats({ ...options.meters, take: () => true, deferLimit });
    const { method, path } = body;
    const accesses = new Map<bigint, Promise<Access<HangarFacts> | undefined> | undefined>();
    for (const [index, token] of tokens.value.entries()) {
      const { workspace } = token;
      // Asked once for a workspace: a text may hold hundreds of tokens of one.
      if (!accesses.has(workspace))
        accesses.set(workspace, options.routeAccess?.({ method, path, workspace }));
      const access = await accesses.get(workspace);
      if (!access) throw new HangarError('not_found', { public: 'no such route, or nothing of that name' });
      const asked: Access<HangarFacts> = {
        ...access,
        now: now(),
        extension:
          body.source === undefined ? access.extension : { ...access.extension, remoteAddress: body.source },
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

function inspected(text: string, location: string): Inspection {
  const inspection = inspectTokens(text, location);
  if (!inspection.ok) throw textError(inspection.reason);
  return inspection.value;
}

function tooManyTickets(): HangarError {
  const fields = { token: `with require_login at most ${MAX_TICKETS} permission tokens` };
  return new HangarError('invalid', { status: 400, fields });
}
