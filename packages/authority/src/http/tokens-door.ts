import { Hono, type Context } from 'hono';
import { Action, clear, type Access } from '@hangar/macaroon';
import {
  callerOf,
  HangarError,
  type RequestContext,
  type Log,
  type Result,
  answerError,
  onlyAllow,
} from '@hangar/http';
import { tokenError, type TokenReason, type HangarFacts } from '@hangar/contract';
import { z } from 'zod';
import type { RateLimiter } from './rate-limiter.ts';
import type { RateLimit } from '../ports.ts';
import { hangarCaveats } from '../caveats/registry.ts';
import type { Directory, TokenRow } from '../ports.ts';
import type { Tokens } from '../tokens.ts';
import type { CallerWithTokens, DoorEnv, Deps } from './deps.ts';
import { demand } from './guard.ts';
import { isFit, jsonResponse, parsed, readJson } from './json.ts';
import { readMintBody } from './mint-body.ts';
import { mintedView, tokenView } from './token-view.ts';
import { registerTokenText, type TokenTextOptions } from './token-text.ts';
import { registerLeaks, type LeakReporters } from './leaks.ts';
import { registerRevoke } from './revoke.ts';

const MAX_BODY_BYTES = 262_144;

/** Anonymous questions about token texts cost HMACs and lookups. */
const TEXT_RATE: RateLimit = { perMinute: 120, burst: 60 };

/** What the token door needs. */
export interface TokensDoorOptions extends TokenTextOptions {
  readonly tokens: Tokens;
  readonly directory: Partial<Directory>;
  readonly limiter: RateLimiter;
  /** Whose signed reports of leaked tokens are believed; undefined takes none. */
  readonly leakReporters: LeakReporters | undefined;
  readonly authenticate: (authorization: string | null) => Promise<Result<CallerWithTokens, TokenReason>>;
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * `/hangar/v1/tokens`: mint, list, look at, narrow and revoke. The feature `authentication` of the
 * organization stands for the tokens of a workspace, so roles and FeatureSet caveats bound who may.
 */
export function createTokensDoor(
  options: TokensDoorOptions,
): (request: Request, door: RequestContext) => Promise<Response> {
  const { tokens, directory, now } = options;
  const app = new Hono<DoorEnv>({ strict: false }).basePath('/hangar/v1/tokens');

  const deps: Deps = {
    body: (c) => readJson(c.req.raw, MAX_BODY_BYTES, c.env.door),
    limited: (c) => {
      const wait = options.limiter.take(`token-text ${callerOf(c.env.door.remoteAddress)}`, TEXT_RATE);
      if (wait !== undefined) throw new HangarError('rate_limited', { retryAfterSeconds: wait });
    },
    caller: async (c, orgSlug) => {
      const known = await options.authenticate(c.req.header('authorization') ?? null);
      if (!known.ok) throw tokenError(known.reason);
      const workspace =
        orgSlug === undefined ? known.value.caller.workspace : await directory.workspaceNumber?.(orgSlug);
      const caller = workspace === undefined ? undefined : known.value.caller.within(workspace);
      const [first, ...rest] = known.value.tokens.filter((token) => token.workspace === workspace);
      // Somebody else's workspace and no workspace at all are the same to a stranger.
      if (!caller || !first) throw new HangarError('not_found');
      return { caller, tokens: [first, ...rest] };
    },
    callerIfAny: async (c) => {
      const authorization = c.req.header('authorization');
      const known = authorization === undefined ? undefined : await options.authenticate(authorization);
      return known?.ok ? known.value : undefined;
    },
    demandTokens: (c, { caller, tokens: held }, action, appNumber) => {
      const access = tokensAccess(c, caller.workspace, action, appNumber, now());
      const { tokenId: id, branches } = demand(caller, access);
      const { keyNumber } = held.find((token) => token.id === id) ?? held[0];
      return { id, key: keyNumber, branches };
    },
  };

  app.post('/', async (c) => {
    const mint = readMintBody(await deps.body(c));
    const known = await deps.caller(c, mint.orgSlug);
    const { workspace } = known.caller;
    deps.demandTokens(c, known, Action.create);
    // Of several tokens, the one that allows minting is the one whose limits the new token inherits.
    const access = tokensAccess(c, workspace, Action.create, undefined, now());
    const registry = hangarCaveats(options.meters);
    const parent =
      known.tokens.find((token) => clear(token.verified, access, registry).ok) ?? known.tokens[0];
    const appId = mint.request.appId ?? (await appNumber(directory, workspace, mint.appName));
    const { token, discharges } = parent.verified;
    const minted = await tokens.mint({
      ...mint.request,
      workspace,
      creator: mint.creator ?? `token ${parent.id}`,
      parent: { token, discharges: discharges.map(({ macaroon }) => macaroon) },
      appId,
    });
    return jsonResponse(201, mintedView(minted, now()), { location: `/hangar/v1/tokens/${minted.id}` });
  });

  app.get('/', async (c) => {
    const query = c.req.query();
    const known = await deps.caller(c, query['org_slug']);
    const { workspace } = known.caller;
    const appId = await appFromQuery(directory, workspace, query['app']);
    deps.demandTokens(c, known, Action.read, appId);
    const page = await tokens.list({
      workspace,
      apps: appId === undefined ? undefined : [appId],
      creator: query['creator'],
      ...(query['state'] === 'active' ? { activeOnly: true } : {}),
      cursor: query['cursor'],
      limit: query['limit'] === undefined ? undefined : Number(query['limit']) || 1,
    });
    return jsonResponse(200, {
      tokens: page.tokens.map((row) => tokenView(row, now())),
      next_cursor: page.next,
    });
  });

  registerTokenText(app, options, deps);
  registerLeaks(app, options);
  registerRevoke(app, options, deps);

  app.get('/:id', async (c) => {
    const known = await deps.caller(c, c.req.query('org_slug'));
    const row = await found(tokens.get(known.caller.workspace, c.req.param('id')));
    // Everybody may look at the token they hold.
    if (!known.tokens.some((token) => token.id === row.id)) deps.demandTokens(c, known, Action.read, row.app);
    return jsonResponse(200, tokenView(row, now()));
  });

  app.delete('/:id', async (c) => {
    const known = await deps.caller(c, c.req.query('org_slug'));
    const { workspace, tokenId } = known.caller;
    const row = await found(tokens.get(workspace, c.req.param('id')));
    const asker = deps.demandTokens(c, known, Action.delete);
    const target = { token: row.id };
    const reached = await tokens.revoke({ workspace, target, by: `token ${tokenId}`, asker });
    return jsonResponse(200, { revoked: 'token', id: row.id, tokens: reached, effective: now() });
  });

  app.patch('/:id', async (c) => {
    const { name } = parsed(z.strictObject({ name: z.string() }), await deps.body(c));
    const known = await deps.caller(c, c.req.query('org_slug'));
    const { workspace } = known.caller;
    const row = await found(tokens.get(workspace, c.req.param('id')));
    const asker = deps.demandTokens(c, known, Action.write, row.app);
    const renamed = await found(tokens.rename({ workspace, id: row.id, name, asker }));
    return jsonResponse(200, tokenView(renamed, now()));
  });

  app.all('/:id', onlyAllow('GET, PATCH, DELETE'));
  app.all('/', onlyAllow('GET, POST'));
  app.notFound((c) => answerError(new HangarError('not_found'), c.env.door));
  app.onError((thrown, c) => answerError(thrown, c.env.door));

  return async (request, door) => {
    if (isFit(decoded(door.rawTarget))) return await app.fetch(request, { door });
    return answerError(new HangarError('bad_request', { detail: 'control characters in the target' }), door);
  };
}

/** The target with its escapes undone; one that cannot be decoded is shown as a control character. */
function decoded(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return '\u0000';
  }
}

/** What an act upon tokens asks of the caller's own token. */
function tokensAccess(
  c: Context<DoorEnv>,
  workspace: bigint,
  action: number,
  app: bigint | undefined,
  now: Date,
): Access<HangarFacts> {
  const { remoteAddress } = c.env.door;
  return {
    action,
    orgId: workspace,
    ...(app === undefined ? { feature: 'authentication' } : { appId: app }),
    now,
    extension: remoteAddress === undefined ? undefined : { remoteAddress },
  };
}

async function found(row: Promise<TokenRow | undefined>): Promise<TokenRow> {
  const token = await row;
  if (!token) throw new HangarError('not_found');
  return token;
}

async function appFromQuery(
  directory: Partial<Directory>,
  workspace: bigint,
  text: string | undefined,
): Promise<bigint | undefined> {
  return text !== undefined && /^\d{1,18}$/.test(text)
    ? BigInt(text)
    : await appNumber(directory, workspace, text);
}

async function appNumber(
  directory: Partial<Directory>,
  workspace: bigint,
  name: string | undefined,
): Promise<bigint | undefined> {
  if (name === undefined) return undefined;
  const number = await directory.appNumber?.(workspace, name);
  if (number === undefined) throw new HangarError('not_found', { public: 'no such app in this workspace' });
  return number;
}
