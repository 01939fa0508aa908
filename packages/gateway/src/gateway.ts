import type { Task, TokenVerifier } from '@hangar/contract';
import type { MachinesClient, Upstream } from '@hangar/flyio';
import type { TigrisClient } from '@hangar/flyio/tigris';
import { silentLog, systemClock, type Clock, type Direct, type RequestContext, type Log } from '@hangar/http';
import type { Sealer } from '@hangar/security';
import { AUDIT_DAYS, auditTask, createAuditor, type AuditSubject } from './note/audit.ts';
import { act } from './operations/handlers.ts';
import { createDirect } from './direct/direct.ts';
import { changeFeedTask } from './locate/feed.ts';
import { LocatorMemory } from './locate/memory.ts';
import { forgettingOwnWrites } from './locate/own-writes.ts';
import { MachineNotes } from './note/machine-notes.ts';
import { AuthenticRequest } from './request/authentic-request.ts';
import { createSettle } from './settle.ts';
import { createClients } from './clients/clients.ts';
import type { OwnDoor } from './clients/asking.ts';
import { decide } from './decide/decide.ts';
import { CountAges } from './reserve/count-ages.ts';
import { createEnvironments, type Environments } from './app-api.ts';
import { powerTask } from './metering/look.ts';
import { expiryTask } from './making/expiry.ts';
import { Exchange } from './upstream/exchange.ts';
import { createOrganizationRule, type AllowedOrganizations } from './policy/org-policy.ts';
import { LocatedRequest } from './locate/located-request.ts';
import type { Deps } from './deps.ts';
import { DEFAULT_POLICY, type EnvironmentPolicy } from './policy/policy.ts';
import type { RevokeAppTokens, EnvironmentStore } from './ports.ts';
import { pruningTask } from './making/pruning.ts';
import { recoveryTask } from './making/recovery.ts';
import type { MachineProfile } from './profiles/profile.ts';
import { planRequest } from './request/plan.ts';
import type { Prices } from './metering/usage.ts';
import { upstreamError } from './upstream/send.ts';
import { WholeRequest } from './request/whole-request.ts';
import { createWorkspaces, type Workspaces } from './workspaces.ts';

/** What a gateway is made of. */
export interface GatewayOptions {
  readonly verifier: TokenVerifier;
  readonly store: EnvironmentStore;
  /** The Machines API with the operator's token. */
  readonly machines: MachinesClient;
  /** api.fly.io with the operator's token: logs, and what an image is. */
  readonly api: Pick<Upstream, 'send'>;
  /** Where `/hangar/v1/tokens` is answered, for clients that make and list tokens. */
  readonly tokens: TokensDoor;
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
  /** How machine configs are rewritten, and with it the names of the storage secrets in a new app; default not at all. */
  readonly profile?: MachineProfile | undefined;
  readonly policy?: EnvironmentPolicy;
  /** For tokens with a budget. Undefined where nobody is billed: then such a token makes and starts nothing. */
  readonly prices: Prices | undefined;
  /** How long the audit trail goes back; default 400 days. */
  readonly auditDays?: number;
  readonly now?: Clock;
  /** A clock that never jumps, for how old knowledge is; default `performance.now`. */
  readonly monotonicMs?: () => number;
  readonly log?: Log;
}

/** The door about tokens. */
export type TokensDoor = (request: Request, context: RequestContext) => Promise<Response>;

/** User environments behind a Machines API. */
export interface Gateway {
  fetch(request: Request, door: RequestContext): Promise<Response>;
  /** The same for what can be answered on node:http's own objects, from memory: most reads of a token that is in use. */
  readonly direct: Direct;
  /** Settles when what was seen in answers, and what was refused, has been written down. */
  idle(): Promise<void>;
  readonly environments: Environments;
  readonly workspaces: Workspaces;
  readonly tasks: readonly Task[];
}

const ABOUT_TOKENS = /^\/hangar\/v1\/tokens(?:[/?]|$)/;

/**
 * Makes the gateway in `swap` mode: a Hangar macaroon comes in, the operator's token goes upstream, and only what the
 * route table names exists. Order: plan, read, authenticate, locate, decide, and only then any effect.
 *
 * @example
 * const gateway = createGateway({ verifier, store, machines, tigris, sealer, ...rest });
 * const response = await gateway.fetch(request, { rawTarget: '/v1/apps', requestId: '01K8Z5' });
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { verifier, machines, monotonicMs = () => performance.now() } = options;
  const memory = new LocatorMemory(monotonicMs);
  /** What a client's question asks for, it asks for here. */
  const own: OwnDoor = async (request, context) =>
    ABOUT_TOKENS.test(context.rawTarget)
      ? await options.tokens(request, context)
      : await gateway.fetch(request, context);
  const deps: Deps = {
    clients: createClients(own),
    api: options.api,
    store: forgettingOwnWrites(options.store, memory),
    memory,
    machines,
    tigris: options.tigris,
    sealer: options.sealer,
    revokeAppTokens: options.revokeAppTokens,
    installation: options.installation,
    organization: options.organization,
    storageEndpoint: options.storageEndpoint,
    profile: options.profile ?? 'none',
    policy: options.policy ?? DEFAULT_POLICY,
    countAges: new CountAges(),
    prices: options.prices,
    auditDays: options.auditDays ?? AUDIT_DAYS,
    now: options.now ?? systemClock,
    log: options.log ?? silentLog,
  };
  const rule = createOrganizationRule({
    allowed: options.allowedOrgs,
    now: deps.now,
    async organizationOf(app) {
      const found = await machines.getApp(app);
      if (found.ok) return found.value.organization?.slug;
      if (found.reason.tag === 'refused' && found.reason.status < 500) return undefined;
      throw upstreamError(found.reason, true);
    },
  });
  const audit = createAuditor(deps);
  const settle = createSettle(audit);
  const notes = new MachineNotes(deps);

  /** The pipeline: each step takes what only the step before can make, so that none can be left out or come too early. */
  async function answer(request: Request, door: RequestContext, subject: AuditSubject): Promise<Response> {
    const planned = planRequest(request.method, door.rawTarget);
    if (!planned.ok) throw planned.reason;
    subject.plan = planned.value;
    const whole = await WholeRequest.read(planned.value, request, door);
    const authentic = await AuthenticRequest.judge(whole, verifier);
    subject.caller = authentic.verified;
    const located = await LocatedRequest.find(authentic, { ...deps, rule });
    subject.caller = located.caller.verified;
    const permit = decide(located);
    if (!permit.ok) throw permit.reason;
    const change = audit.changeOf(subject, door);
    return await act(Exchange.open(permit.value, deps, { change }), deps);
  }

  const gateway: Gateway = {
    async fetch(request, door) {
      const subject: AuditSubject = {};
      return await settle(subject, door, request.method, async () => await answer(request, door, subject));
    },
    direct: createDirect({ ...deps, verifier, rule, notes, settle, audit }),
    idle: async () => void (await Promise.all([notes.flush(), audit.flush()])),
    environments: createEnvironments(deps),
    workspaces: createWorkspaces(deps),
    tasks: [
      changeFeedTask(deps, monotonicMs),
      recoveryTask(deps),
      expiryTask(deps),
      powerTask(deps),
      pruningTask(deps),
      auditTask(deps),
    ],
  };
  return gateway;
}
