import type { MachinesClient } from '@hangar/flyio';
import type { TigrisClient } from '@hangar/flyio/tigris';
import {
  asHangarError,
  errorResponse,
  HangarError,
  silentLog,
  systemClock,
  type Clock,
  type Door,
  type Log,
  type Sealer,
} from '@hangar/security';
import { createAuditor, type AuditSubject } from './audit.ts';
import { decide, planRequest, type Caller, type RequestPlan } from './decide.ts';
import { createEnvironments, powerTask, type Environments } from './environments.ts';
import { boundedBy, readExec, type ExecRequest } from './exec.ts';
import { expiryTask } from './expiry.ts';
import { readJson, type Exchange } from './exchange.ts';
import { forward } from './forward.ts';
import { markAnswer } from './headers.ts';
import { createOrganizationRule, type AllowedOrganizations } from './org-policy.ts';
import { ownedMachine, ownedVolume } from './ownership.ts';
import type { Parts } from './parts.ts';
import type { WishedFor } from './create-app.ts';
import { perform } from './perform.ts';
import { defaultPolicy, type EnvironmentPolicy } from './policy.ts';
import type {
  EnvironmentStore,
  RevokeAppTokens,
  TokenReason,
  TokenVerifier,
  VerifiedCaller,
} from './ports.ts';
import { operationsTask, recoveryTask, type Task } from './recovery.ts';
import type { StorageSecretNames } from './reserved.ts';
import { isEnvironmentId } from './route.ts';
import { checkSpending, countFor, type Prices } from './spending.ts';
import { upstreamError } from './upstream.ts';
import { readAppWish, readEnvironmentWish } from './wish.ts';
import { createWorkspaces, type Workspaces } from './workspaces.ts';

/** What a gateway is made of. */
export interface GatewayOptions {
  readonly verifier: TokenVerifier;
  readonly store: EnvironmentStore;
  /** The Machines API with the operator's token. */
  readonly machines: MachinesClient;
  /** Tigris with the operator's key. */
  readonly tigris: TigrisClient;
  readonly sealer: Sealer;
  /** Called while an environment is deleted. */
  readonly revokeAppTokens: RevokeAppTokens;
  /** Short id of this installation; it marks everything made upstream. */
  readonly installation: string;
  /** Slug of the operator's organization, in which all apps live. */
  readonly organization: string;
  /** FLY_ALLOWED_ORGS, read by `parseAllowedOrganizations`. Undefined allows nothing. */
  readonly allowedOrgs: AllowedOrganizations | undefined;
  /** Where the buckets answer, as a machine sees it. */
  readonly storageEndpoint: string;
  /** Names of the storage secrets in an app; default those of seed 001 alone. */
  readonly storageSecretNames?: StorageSecretNames;
  readonly policy?: EnvironmentPolicy;
  /** For tokens with a budget. Undefined where nobody is billed: then such a token makes and starts nothing. */
  readonly prices: Prices | undefined;
  readonly now?: Clock;
  readonly log?: Log;
}

/** User environments behind a Machines API. */
export interface Gateway {
  fetch(request: Request, door: Door): Promise<Response>;
  readonly environments: Environments;
  readonly workspaces: Workspaces;
  readonly tasks: readonly Task[];
}

/**
 * Makes the gateway in `swap` mode: a Hangar macaroon comes in, the operator's token goes upstream, and only what the
 * route table names exists. Order: parse, route, verify, clear, policy, and only then any effect.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { verifier, store, machines } = options;
  const parts: Parts = {
    store,
    machines,
    tigris: options.tigris,
    sealer: options.sealer,
    revokeAppTokens: options.revokeAppTokens,
    installation: options.installation,
    organization: options.organization,
    storageEndpoint: options.storageEndpoint,
    storageSecretNames: options.storageSecretNames ?? 'fly',
    policy: options.policy ?? defaultPolicy,
    prices: options.prices,
    now: options.now ?? systemClock,
    log: options.log ?? silentLog,
  };
  const rule = createOrganizationRule({
    allowed: options.allowedOrgs,
    now: parts.now,
    async organizationOf(app) {
      const found = await machines.getApp(app);
      if (found.ok) return found.value.organization?.slug;
      if (found.reason.tag === 'refused' && found.reason.status < 500) return undefined;
      throw upstreamError(found.reason, true);
    },
  });
  const audit = createAuditor(parts);

  async function callerOf(
    brought: VerifiedCaller,
    plan: RequestPlan,
    { exec, wish }: { exec: ExecRequest | undefined; wish: WishedFor | undefined },
    { remoteAddress }: Door,
  ): Promise<Caller> {
    const name = plan.params['app'] ?? plan.params['environment'];
    const environment =
      name === undefined
        ? undefined
        : isEnvironmentId(name)
          ? await store.environment(name)
          : await store.environmentNamed(name);
    // A header may hold tokens for several workspaces; the one that owns the app decides.
    const verified = (environment && brought.within?.(environment.workspace)) ?? brought;
    const workspace = await store.workspace(verified.workspace);
    if (!workspace)
      throw new HangarError('token_unknown_key', { detail: 'the workspace of the token does not exist' });
    return {
      verified,
      workspace,
      environment,
      organization: await rule.allows(options.organization),
      now: parts.now(),
      facts: {
        ...(remoteAddress === undefined ? {} : { remoteAddress }),
        ...(exec ? { exec: exec.asked } : {}),
      },
      ...(exec ? { command: exec.command } : {}),
      ...(wish ? { wish: wish.wish } : {}),
    };
  }

  async function answer(request: Request, door: Door, subject: AuditSubject): Promise<Response> {
    const planned = planRequest(request.method, door.rawTarget);
    if (!planned.ok) throw planned.reason;
    const plan = planned.value;
    subject.plan = plan;
    const verified = await verifier.verify(request.headers.get('authorization'));
    if (!verified.ok) throw tokenError(verified.reason);
    subject.caller = verified.value;
    const wanted = await readAhead(request, plan, door);
    const caller = await callerOf(verified.value, plan, wanted, door);
    subject.caller = caller.verified;
    const decision = decide(request.method, door.rawTarget, request.headers, caller);
    if (decision.kind === 'refuse') throw decision.error;
    const { environment, clearance } = decision;
    if (clearance && plan.route.costs) await checkSpending(clearance, caller.workspace.number, parts);
    const machineId = plan.params['machine'];
    const volumeId = plan.params['volume'];
    const machine =
      environment && machineId !== undefined ? await ownedMachine(machineId, environment, parts) : undefined;
    if (environment && volumeId !== undefined) await ownedVolume(volumeId, environment, parts);
    if (clearance && environment && plan.route.costs) await countFor(clearance, environment, parts);
    const { headers } = decision;
    const exchange: Exchange = { request, door, plan, caller, clearance, environment, headers };
    if (decision.kind === 'forward') return await forward(exchange, machine, parts);
    const exec = wanted.exec && boundedBy(wanted.exec, clearance?.limits ?? []);
    return await perform(decision.handler, exchange, { machine, exec, wish: wanted.wish }, parts);
  }

  /** What a command is and what is to be made is part of what the caveats are asked: these bodies are read first. */
  async function readAhead(
    request: Request,
    plan: RequestPlan,
    door: Door,
  ): Promise<{ exec: ExecRequest | undefined; wish: WishedFor | undefined }> {
    const none = { exec: undefined, wish: undefined };
    if (plan.route.id === 'machines.exec')
      return { ...none, exec: readExec((await readJson({ request, plan, door })).value, parts.policy) };
    if (plan.route.id !== 'apps.create' && plan.route.id !== 'environments.create') return none;
    const { bytes, value } = await readJson({ request, plan, door });
    const wish = plan.route.id === 'apps.create' ? readAppWish(value) : readEnvironmentWish(value);
    return { ...none, wish: { bytes, wish } };
  }

  return {
    async fetch(request, door) {
      const subject: AuditSubject = {};
      try {
        const response = await answer(request, door, subject);
        await audit.wrote(subject, door, 'ok', response);
        return response;
      } catch (thrown) {
        const error = asHangarError(thrown);
        door.onError?.(error);
        const response = errorResponse(error, door.requestId);
        markAnswer(response.headers, { requestId: door.requestId, environment: undefined });
        await audit.wrote(subject, door, error.code, response);
        return response;
      }
    },
    environments: createEnvironments(parts),
    workspaces: createWorkspaces(parts),
    tasks: [recoveryTask(parts), expiryTask(parts), powerTask(parts), operationsTask(parts)],
  };
}

/** 401 with the reason, since whoever holds a token that was cut off or has expired should be told so. */
function tokenError({ code, sentence, tokenId, location }: TokenReason): HangarError {
  return new HangarError(code, {
    public: sentence,
    extra: {
      reason: code.replace(/^token_/, ''),
      ...(tokenId === undefined ? {} : { token_id: tokenId }),
      ...(location === undefined ? {} : { location }),
    },
    headers: { 'WWW-Authenticate': 'FlyV1' },
  });
}
