import { Action, type Access } from '@hangar/macaroon';
import { HangarError, ok, refuse, type Result } from '@hangar/security';
import type { Environment, Workspace } from './environment.ts';
import { requestHeaders } from './headers.ts';
import { checkOrganizationSlug, organizationError, type OrganizationReason } from './org-policy.ts';
import type { Clearance, ClearRefusal, VerifiedCaller } from './ports.ts';
import { routes } from './routes.ts';
import { fillPattern, matchPattern, type Handler, type Route } from './route.ts';
import type { EnvironmentWish } from './wish.ts';
import { formatTarget, parseTarget, queryValues, type Target, type TargetReason } from './target.ts';

/** A request that has a row in the table. Nothing is known yet about who sent it. */
export interface RequestPlan {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  /** The parameters that the route knows. */
  readonly query: Target['query'];
}

/** Everything a decision depends on besides the request itself. */
export interface Caller {
  readonly verified: VerifiedCaller;
  readonly workspace: Workspace;
  /** The live environment that the path names, whoever owns it. */
  readonly environment: Environment | undefined;
  /** What is to be made, when the request makes an environment. */
  readonly wish?: EnvironmentWish;
  /** Words of a command to be executed, for caveats about commands. */
  readonly command?: readonly string[];
  /** What only Hangar's own caveats look at. */
  readonly facts?: CallerFacts;
  /** The verdict about the organization that the operator's token acts in. */
  readonly organization: Result<true, OrganizationReason>;
  readonly now: Date;
}

/** Facts about a request beside what it asks for: its origin, and the bounds of a command run. */
export interface CallerFacts {
  readonly remoteAddress?: string;
  readonly exec?: { readonly timeoutSeconds?: number; readonly maxOutputBytes?: number };
}

/** What becomes of a request. Only the last two have any effect. */
export type Decision =
  | { readonly kind: 'refuse'; readonly error: HangarError }
  | {
      readonly kind: 'handle';
      readonly handler: Handler;
      readonly plan: RequestPlan;
      readonly environment: Environment | undefined;
      readonly clearance: Clearance | undefined;
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'forward';
      readonly plan: RequestPlan;
      readonly environment: Environment | undefined;
      readonly clearance: Clearance | undefined;
      /** Path and query for upstream, written from the pattern and the checked parameters. */
      readonly target: string;
      /** Headers for upstream, without the credential. */
      readonly headers: Readonly<Record<string, string>>;
    };

/** Parses and routes. Refusals: 400 for a target with two readings, 404 for one that is not in the table. */
export function planRequest(method: string, rawTarget: string): Result<RequestPlan, HangarError> {
  const target = parseTarget(rawTarget);
  if (!target.ok) return refuse(targetError(target.reason));
  for (const route of routes) {
    if (route.method !== method) continue;
    const params = matchPattern(route.pattern, target.value.segments);
    if (!params) continue;
    return ok({ route, params, query: target.value.query.filter(([name]) => route.query.includes(name)) });
  }
  return refuse(new HangarError('not_found', { detail: 'no route' }));
}

/**
 * Decides about a request of a verified caller: parse, route, clear, policy, in that order, with no effect of any kind
 * (design decision 18). Pure: the same arguments give the same decision.
 */
export function decide(method: string, rawTarget: string, headers: Headers, caller: Caller): Decision {
  const planned = planRequest(method, rawTarget);
  if (!planned.ok) return { kind: 'refuse', error: planned.reason };
  const plan = planned.value;
  const wire = requestHeaders(headers);
  if (!wire.ok) return { kind: 'refuse', error: wire.reason };
  const cleared = clearCaller(plan, caller);
  if (!cleared.ok) return { kind: 'refuse', error: cleared.reason };
  const error = checkPolicy(plan, caller) ?? checkPhase(plan, caller);
  if (error) return { kind: 'refuse', error };
  const { environment } = caller;
  const allowed = { plan, environment, clearance: cleared.value, headers: wire.value };
  const treatment = plan.route.treatment;
  switch (treatment.kind) {
    case 'refuse':
      return { kind: 'refuse', error: new HangarError('policy_denied', { public: treatment.sentence }) };
    case 'handle':
      return { kind: 'handle', handler: treatment.handler, ...allowed };
    case 'forward':
      return { kind: 'forward', target: upstreamTarget(plan), ...allowed };
  }
}

/** The target for upstream: never a copy of what came, always the pattern filled with checked values. */
export function upstreamTarget(plan: RequestPlan): string {
  return formatTarget({ segments: fillPattern(plan.route.pattern, plan.params), query: plan.query });
}

/** The question put to the caveats. */
export function accessOf(
  plan: RequestPlan,
  caller: Pick<Caller, 'workspace' | 'environment' | 'wish' | 'command' | 'facts' | 'now'>,
): Access {
  const { route, params, query } = plan;
  // Reading secret values is as strong as writing them: whoever sets them knows them.
  const reveals = queryValues(query, 'show_secrets').some((value) => value !== 'false' && value !== '0');
  const { environment } = caller;
  return {
    action: reveals ? route.action | Action.write : route.action,
    orgId: caller.workspace.number,
    now: caller.now,
    // Zero is the number of an app that has none yet: only a token for every app clears it.
    ...(environment === undefined ? {} : { appId: environment.numericId ?? 0n }),
    ...(params['machine'] === undefined ? {} : { machine: params['machine'] }),
    ...(params['volume'] === undefined ? {} : { volume: params['volume'] }),
    ...(route.machineFeature === undefined ? {} : { machineFeature: route.machineFeature }),
    ...(caller.command === undefined ? {} : { command: caller.command }),
    extension: {
      ...factsFor(caller, environment, route.costs),
      listing: route.resource === 'list',
      keepsLimits: true,
    },
  };
}

/** Whether a token may read an environment: what a list is cut down by. */
export function mayRead(environment: Environment, caller: Caller): boolean {
  const { verified, workspace, now } = caller;
  const extension = factsFor(caller, environment, false);
  const appId = environment.numericId ?? 0n;
  return verified.clear({ action: Action.read, orgId: workspace.number, appId, now, extension }).ok;
}

/** The names are those that Hangar's own caveats ask for. */
function factsFor(
  { facts, wish }: Pick<Caller, 'facts' | 'wish'>,
  environment: Environment | undefined,
  costs: boolean,
): Readonly<Record<string, unknown>> {
  const subject = environment ?? wish;
  if (subject === undefined) return { ...facts, costs };
  const { name, key = name, class: kind, labels } = subject;
  return {
    ...facts,
    costs,
    environment: {
      exists: environment !== undefined,
      name,
      key,
      labels,
      ...(kind === undefined ? {} : { class: kind }),
      ...(wish?.ttlSeconds === undefined ? {} : { ttlSeconds: wish.ttlSeconds }),
    },
  };
}

function clearCaller(plan: RequestPlan, caller: Caller): Result<Clearance | undefined, HangarError> {
  const { verified, workspace, environment, now } = caller;
  const namesApp = plan.params['app'] !== undefined || plan.params['environment'] !== undefined;
  if (namesApp && (!environment || environment.workspace !== workspace.number))
    return refuse(expired(verified, workspace, now) ?? unseen(plan, environment));
  const cleared = verified.clear(accessOf(plan, caller));
  if (cleared.ok) return cleared;
  if (plan.route.resource === 'list' && mayAskForList(plan, caller, cleared.reason)) return ok(undefined);
  return refuse(refusalOf(cleared.reason));
}

/** A list is cut down to what the token may see; a token for one app may ask for it too (user-envs.md 6.4). */
function mayAskForList(plan: RequestPlan, caller: Caller, { code }: ClearRefusal): boolean {
  const { verified } = caller;
  const scope = verified.appScope();
  if (scope === undefined || code !== 'caveat_denied') return false;
  if (scope.length === 0) return true;
  // Whatever else the token asks for, such as where it is used from, holds for a list as well.
  const access = accessOf(plan, caller);
  return scope.some((appId) => verified.clear({ ...access, appId }).ok);
}

/** Whether the token has ended, for requests about which the caveats have nothing else to be asked. */
function expired(verified: VerifiedCaller, workspace: Workspace, now: Date): HangarError | undefined {
  const cleared = verified.clear({ action: Action.none, orgId: workspace.number, now });
  return !cleared.ok && cleared.reason.code === 'token_expired' ? refusalOf(cleared.reason) : undefined;
}

function refusalOf({ code, sentence, caveat }: ClearRefusal): HangarError {
  return new HangarError(code, { public: sentence, extra: { caveat } });
}

/**
 * An app of somebody else is 403 itself, as upstream says it (fly-go tells a free name from a taken one by that), and
 * 404 for everything below it, which gives nothing away.
 */
function unseen(plan: RequestPlan, environment: Environment | undefined): HangarError {
  if (environment && plan.route.pattern === '/v1/apps/{app}') {
    return new HangarError('caveat_denied', {
      public: 'unauthorized',
      detail: 'the app belongs to another workspace',
    });
  }
  return new HangarError('not_found', { public: 'app not found' });
}

function checkPolicy(plan: RequestPlan, caller: Caller): HangarError | undefined {
  if (caller.workspace.closedAt)
    return new HangarError('gone', { public: 'the organization of this token was deleted' });
  if (!caller.organization.ok) return organizationError(caller.organization.reason);
  for (const slug of queryValues(plan.query, 'org_slug')) {
    const error = checkOrganizationSlug(slug, caller.workspace);
    if (error) return error;
  }
  return plan.params['org'] === undefined
    ? undefined
    : checkOrganizationSlug(plan.params['org'], caller.workspace);
}

/** An app that is still being made or already being deleted has nothing below it. */
function checkPhase(plan: RequestPlan, { environment }: Caller): HangarError | undefined {
  if (!environment || environment.phase === 'ready') return undefined;
  if (plan.params['app'] === undefined || plan.route.id === 'apps.delete') return undefined;
  if (environment.phase !== 'provisioning') return new HangarError('not_found', { public: 'app not found' });
  if (plan.route.id === 'apps.get') return undefined;
  return new HangarError('state_conflict', {
    public: 'the app is still being set up',
    extra: { state: environment.phase },
    retryAfterSeconds: 1,
  });
}

function targetError(reason: TargetReason): HangarError {
  return new HangarError('bad_request', {
    public: 'the path or query could not be read',
    detail: reason.tag,
  });
}
