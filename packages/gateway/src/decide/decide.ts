import { Action } from '@hangar/macaroon';
import { HangarError, ok, refuse, type Result } from '@hangar/http';
import type { Environment, Workspace } from '../nouns.ts';
import { requestHeaders, type HeaderReader } from '../request/headers.ts';
import { checkOrganizationSlug, organizationError } from '../policy/org-policy.ts';
import type { Clearance, ClearRefusal, AuthenticatedCaller } from '@hangar/contract';
import type { LocatedRequest } from '../locate/located-request.ts';
import type { RequestPlan } from '../request/plan.ts';
import { queryValues } from '../request/target.ts';
import type { Caller } from '../locate/caller.ts';
import { accessOf, isCutOff } from './access.ts';

/** What was decided about a request, from values alone. */
export type Verdict =
  | { readonly kind: 'refuse'; readonly error: HangarError }
  | {
      readonly kind: 'allow';
      /** What allowed it. Undefined for a list that is cut down to what the token may see. */
      readonly clearance: Clearance | undefined;
      /** Headers for upstream, without the credential. */
      readonly headers: Readonly<Record<string, string>>;
    };

/**
 * The verdict about a planned request of a verified caller: clear, policy, phase, in that order
 * (docs/specs/gateway.md#order-of-decisions). Pure: the same arguments give the same verdict.
 */
export function verdictOn(plan: RequestPlan, headers: HeaderReader, caller: Caller): Verdict {
  const wire = requestHeaders(headers);
  if (!wire.ok) return { kind: 'refuse', error: wire.reason };
  const cleared = clearCaller(plan, caller);
  if (!cleared.ok) return { kind: 'refuse', error: cleared.reason };
  const error = checkPolicy(plan, caller) ?? checkPhase(plan, caller);
  if (error) return { kind: 'refuse', error };
  const { treatment } = plan.route;
  if (treatment.kind === 'refuse')
    return { kind: 'refuse', error: new HangarError('policy_denied', { public: treatment.sentence }) };
  return { kind: 'allow', clearance: cleared.value, headers: wire.value };
}

let permit: (located: LocatedRequest, allowed: Extract<Verdict, { kind: 'allow' }>) => Permit;

/**
 * An allowed request: the fifth step of the pipeline. Only {@link decide} makes one. It names the workspace and the
 * environment that were judged, by id and generation, so that nothing is done to whatever has their names by then.
 */
export class Permit {
  readonly #located: LocatedRequest;
  readonly clearance: Clearance | undefined;
  readonly headers: Readonly<Record<string, string>>;

  private constructor(located: LocatedRequest, { clearance, headers }: Extract<Verdict, { kind: 'allow' }>) {
    this.#located = located;
    this.clearance = clearance;
    this.headers = headers;
  }

  get located(): LocatedRequest {
    return this.#located;
  }

  static {
    permit = (located, allowed) => new Permit(located, allowed);
  }
}

/** Decides about a request, with no effect of any kind. */
export function decide(located: LocatedRequest): Result<Permit, HangarError> {
  const { whole } = located.authentic;
  const verdict = verdictOn(whole.plan, whole.headers, located.caller);
  return verdict.kind === 'refuse' ? refuse(verdict.error) : ok(permit(located, verdict));
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

/**
 * A list is cut down to what the token may see; a token for one app may ask for it too (docs/specs/gateway.md#lists).
 */
function mayAskForList(plan: RequestPlan, caller: Caller, { code }: ClearRefusal): boolean {
  const { verified } = caller;
  const scope = verified.appScope();
  if (scope === undefined || code !== 'caveat_denied') return false;
  if (scope.length === 0) return true;
  // Whatever else the token asks for, such as where it is used from, holds for a list as well.
  const access = accessOf(plan, caller);
  return scope.some((appId) => verified.clear({ ...access, appId }).ok);
}

/** Whether the token has ended, asked where no app can be named to the caveats, or once more after a wait. */
export function expired(
  verified: AuthenticatedCaller,
  workspace: Workspace,
  now: Date,
): HangarError | undefined {
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
function checkPhase(plan: RequestPlan, { environment, verified }: Caller): HangarError | undefined {
  if (!environment || environment.phase === 'ready') return undefined;
  if (isCutOff(environment, verified)) return new HangarError('not_found', { public: 'app not found' });
  if (plan.params['app'] === undefined || plan.route.id === 'apps.delete') return undefined;
  if (environment.phase !== 'provisioning') return new HangarError('not_found', { public: 'app not found' });
  if (plan.route.id === 'apps.get') return undefined;
  return new HangarError('state_conflict', {
    public: 'the app is still being set up',
    extra: { state: environment.phase },
    retryAfterSeconds: 1,
  });
}
