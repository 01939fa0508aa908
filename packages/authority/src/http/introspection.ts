import { Hono, type Context } from 'hono';
import { authenticateRequest, authorizeRequest, type RequestedAccess } from '@hangar/flyio';
import {
  appScope,
  attestations,
  caveatsToDebugJson,
  clear,
  formatHeader,
  formatMask,
  parseMask,
  type Access,
} from '@hangar/macaroon';
import { callerOf, HangarError, type RequestContext, answerError, onlyAllow } from '@hangar/http';
import { tokenError, type ClearRefusal, type HangarFacts } from '@hangar/contract';
import type { RateLimiter } from './rate-limiter.ts';
import type { RateLimit } from '../ports.ts';
import { explainClearing } from '../read/caller.ts';
import type { CaveatMeters } from '../caveats/facts.ts';
import { HANGAR_CAVEATS, hangarCaveats } from '../caveats/registry.ts';
import type { Directory } from '../ports.ts';
import type { AcceptedToken } from '../read/accepted-token.ts';
import type { TokenReader } from '../read/token-reader.ts';
import { clearError } from './guard.ts';
import { jsonResponse, parsed, RawJson, readJson } from './json.ts';
import type { DoorEnv } from './deps.ts';

const MAX_BODY_BYTES = 131_072;

/** Fly.io's clients call the first two without credentials; each costs some HMACs and lookups. */
const RATE: RateLimit = { perMinute: 300, burst: 100 };

/** What the Machines API's token calls need. */
export interface IntrospectionOptions {
  readonly reader: TokenReader;
  readonly directory: Partial<Directory>;
  readonly meters: CaveatMeters;
  readonly limiter: RateLimiter;
  readonly now: () => Date;
}

/**
 * Apps whose names one answer looks up; the rest are told by number. A caveat may list thousands, and nobody has as
 * many: above this it is only work.
 */
const MAX_NAMES = 1000;

const BASE_PATH = '/v1/tokens';
const ASKED_INSIDE =
  "tokens of this kind are given to a machine, which asks its own socket for them; whoever runs Hangar does not hand out the platform's";

/** What is answered below `/v1/tokens`, for pages and tests that go through the whole Machines API. */
export const INTROSPECTION_ROUTES: readonly IntrospectionRoute[] = [
  { method: 'POST', path: `${BASE_PATH}/authenticate`, what: 'says what each token of a header is' },
  {
    method: 'POST',
    path: `${BASE_PATH}/authorize`,
    what: 'says whether the tokens of a header allow a request',
  },
  { method: 'GET', path: `${BASE_PATH}/current`, what: "says what the caller's own tokens are" },
  { method: 'POST', path: `${BASE_PATH}/kms`, refused: ASKED_INSIDE },
  { method: 'POST', path: `${BASE_PATH}/oidc`, refused: ASKED_INSIDE },
];

/** One of those, and the sentence of one that is refused. */
export interface IntrospectionRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly what?: string;
  readonly refused?: string;
}

/**
 * `/v1/tokens/authenticate`, `/authorize` and `/current`, as Fly.io's clients call them
 * (docs/specs/platform.md#token-introspection).
 */
export function createIntrospectionDoor(
  options: IntrospectionOptions,
): (request: Request, door: RequestContext) => Promise<Response> {
  const { reader, directory, now } = options;
  const app = new Hono<DoorEnv>({ strict: false }).basePath(BASE_PATH);

  /** For the questions that are asked without credentials. Whoever shows a token of their own never waits for these. */
  const limited = (c: Context<DoorEnv>): void => {
    const wait = options.limiter.take(`introspection ${callerOf(c.env.door.remoteAddress)}`, RATE);
    if (wait !== undefined) throw new HangarError('rate_limited', { retryAfterSeconds: wait });
  };

  app.post('/authenticate', async (c) => {
    limited(c);
    const { header } = parsed(authenticateRequest, await readJson(c.req.raw, MAX_BODY_BYTES, c.env.door));
    const each = await reader.readEach(header);
    if (!each.ok) throw tokenError(each.reason);
    const genuine = each.value.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
    const [refused] = each.value;
    if (genuine.length === 0 && refused && !refused.ok) throw tokenError(refused.reason);
    return jsonResponse(200, genuine.map(tokenWire));
  });

  app.post('/authorize', async (c) => {
    limited(c);
    const { header, access } = parsed(
      authorizeRequest,
      await readJson(c.req.raw, MAX_BODY_BYTES, c.env.door),
    );
    const tokens = await reader.read(header);
    if (!tokens.ok) throw tokenError(tokens.reason);
    const registry = hangarCaveats(options.meters);
    let refusal: ClearRefusal | undefined;
    const accesses = new Map<bigint, Promise<Access<HangarFacts> | undefined>>();
    for (const token of tokens.value) {
      const { workspace } = token;
      // Looked up once for a workspace: a header may hold hundreds of tokens of one.
      const asking = accesses.get(workspace) ?? resolve(access, workspace);
      accesses.set(workspace, asking);
      const asked = await asking;
      if (!asked) continue;
      const outcome = clear(token.verified, asked, registry);
      if (outcome.ok)
        return jsonResponse(200, { access: accessWire(asked), verified_token: tokenWire(token) });
      refusal ??= explainClearing(token.id, asked, outcome.reason);
    }
    // Nothing of that name in any workspace of the caller: the same answer as for what is not allowed.
    throw refusal ? clearError(refusal) : new HangarError('caveat_denied', { public: 'unauthorized' });
  });

  app.get('/current', async (c) => {
    const tokens = await reader.read(c.req.header('authorization') ?? null);
    if (!tokens.ok) throw tokenError(tokens.reason);
    // Counted by the token: strangers at the same address use up nothing of it.
    const wait = options.limiter.take(`current ${tokens.value[0].id}`, RATE);
    if (wait !== undefined) throw new HangarError('rate_limited', { retryAfterSeconds: wait });
    const names = await namesFor(tokens.value);
    const views = tokens.value.map((token) => currentWire(token, names.get(token.workspace)));
    return jsonResponse(200, { tokens: views });
  });

  for (const path of ['/kms', '/oidc'])
    app.post(path, () => {
      throw new HangarError('policy_denied', { public: ASKED_INSIDE });
    });
  for (const { path, method } of INTROSPECTION_ROUTES)
    app.all(path.slice(BASE_PATH.length), onlyAllow(method));
  app.notFound((c) => answerError(new HangarError('not_found'), c.env.door));
  app.onError((thrown, c) => answerError(thrown, c.env.door));

  /** Fills in parents: a machine or volume implies its app, everything implies the workspace. */
  async function resolve(
    asked: RequestedAccess,
    workspace: bigint,
  ): Promise<Access<HangarFacts> | undefined> {
    if (asked.org_slug !== undefined && (await directory.workspaceNumber?.(asked.org_slug)) !== workspace) {
      return undefined;
    }
    const action = parseMask(asked.action);
    if (!action.ok || asked.action.includes('*')) return undefined;
    const lookups: Promise<bigint | undefined>[] = [
      lookUp(asked.app_name, directory.appNumber, workspace),
      lookUp(asked.machine_id, directory.appOfMachine, workspace),
      lookUp(asked.volume_id, directory.appOfVolume, workspace),
    ];
    const named = [asked.app_name, asked.machine_id, asked.volume_id].filter((name) => name !== undefined);
    const found = (await Promise.all(lookups)).filter((app) => app !== undefined);
    // Every name must be known here, and all must lead to the same app.
    if (found.length !== named.length || new Set(found).size > 1) return undefined;
    return accessOf(asked, { action: action.value, workspace, app: found[0], now: now() });
  }

  /** What the workspaces of these tokens and their apps are called: asked once for a workspace. */
  async function namesFor(tokens: readonly AcceptedToken[]): Promise<ReadonlyMap<bigint, Names>> {
    const asked = new Map<bigint, Set<bigint>>();
    let left = MAX_NAMES;
    for (const { workspace, verified } of tokens) {
      const apps = asked.get(workspace) ?? new Set();
      asked.set(workspace, apps);
      for (const app of appScope(verified.caveats) ?? []) {
        if (left === 0 || apps.has(app)) continue;
        apps.add(app);
        left -= 1;
      }
    }
    const found = new Map<bigint, Names>();
    for (const [workspace, apps] of asked) {
      const slug = await directory.workspaceSlug?.(workspace);
      const names = apps.size === 0 ? undefined : await directory.appNames?.(workspace, [...apps]);
      found.set(workspace, { slug, apps: names ?? new Map() });
    }
    return found;
  }

  function currentWire(token: AcceptedToken, names: Names | undefined): Record<string, unknown> {
    const { caveats } = token.verified;
    const scope = appScope(caveats);
    const slug = names?.slug;
    const apps = (scope ?? []).map((number) => names?.apps.get(number) ?? String(number));
    const user = attestations(token.verified).find((fact) => fact.type === 'FlyioUserID');
    const source = caveats.find((caveat) => caveat.type === 'FromMachineSource');
    const machines = caveats.find((caveat) => caveat.type === 'Machines');
    const ids = [...(machines?.machines?.keys() ?? [])];
    return {
      token_id: token.id,
      organization: slug ?? String(token.workspace),
      org_slug: slug ?? null,
      apps: scope === undefined ? null : apps,
      user: user === undefined ? null : String(user.id),
      source_machine_id: source?.machine ?? null,
      restricted_to_machine: ids.length === 1 ? ids[0] : null,
      expires_at:
        token.verified.earliestExpiry === undefined ? null : new Date(token.verified.earliestExpiry * 1000),
    };
  }

  return async (request, door) => await app.fetch(request, { door });
}

/** What a workspace and its apps are called. */
interface Names {
  readonly slug: string | undefined;
  readonly apps: ReadonlyMap<bigint, string>;
}

function accessOf(
  asked: RequestedAccess,
  facts: { action: number; workspace: bigint; app: bigint | undefined; now: Date },
): Access<HangarFacts> {
  return {
    action: facts.action,
    orgId: facts.workspace,
    now: facts.now,
    appId: facts.app,
    machine: asked.machine_id,
    volume: asked.volume_id,
    feature: asked.org_feature,
    appFeature: asked.app_feature,
    machineFeature: asked.machine_feature,
    mutation: asked.mutation,
    command: asked.command,
    storageObject: asked.storage_object,
    sourceMachine: asked.source_machine,
  };
}

function tokenWire(token: AcceptedToken): Record<string, unknown> {
  const { token: macaroon, caveats, discharges } = token.verified;
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    header: formatHeader([...discharges.map((discharge) => discharge.macaroon), macaroon]),
    caveats: { caveats: new RawJson(caveatsToDebugJson(caveats, HANGAR_CAVEATS)) },
    nonce: {
      kid: base64(macaroon.nonce.keyId),
      rnd: base64(macaroon.nonce.random),
      proof: macaroon.nonce.proof,
    },
    permission_token: base64(macaroon.bytes),
  };
}

function accessWire(access: Access<HangarFacts>): Record<string, unknown> {
  return {
    action: formatMask(access.action),
    orgid: access.orgId,
    appid: access.appId,
    feature: access.feature,
    app_feature: access.appFeature,
    volume: access.volume,
    machine: access.machine,
    machine_feature: access.machineFeature,
    mutation: access.mutation,
    sourceMachine: access.sourceMachine,
    command: access.command,
    storage_object: access.storageObject,
  };
}

/** The app that a name leads to; a question nobody can answer is a name nobody knows. */
async function lookUp(
  name: string | undefined,
  question: ((workspace: bigint, name: string) => Promise<bigint | undefined>) | undefined,
  workspace: bigint,
): Promise<bigint | undefined> {
  return name === undefined ? undefined : await question?.(workspace, name);
}
