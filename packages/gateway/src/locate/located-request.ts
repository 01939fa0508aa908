import type { AuthenticatedCaller } from '@hangar/contract';
import { HangarError, type Clock } from '@hangar/http';
import type { AuthenticRequest } from '../request/authentic-request.ts';
import type { Caller, CallerFacts } from './caller.ts';
import type { Environment } from '../nouns.ts';
import type { LocatorMemory } from './memory.ts';
import { readExec, type ExecRequest } from '../rules/command.ts';
import type { OrganizationRule } from '../policy/org-policy.ts';
import type { EnvironmentPolicy } from '../policy/policy.ts';
import type { EnvironmentStore } from '../ports.ts';
import type { RequestPlan } from '../request/plan.ts';
import { isEnvironmentId } from '../rules/name-forms.ts';
import {
  readAppRequest,
  readEnvironmentRequest,
  type EnvironmentRequest,
} from '../rules/environment-request.ts';
import type { WholeRequest } from '../request/whole-request.ts';

/** What locating needs. */
export interface LocateDeps {
  readonly store: EnvironmentStore;
  readonly policy: EnvironmentPolicy;
  readonly now: Clock;
  /** The operator's organization, and the rule about it. */
  readonly organization: string;
  readonly rule: OrganizationRule;
  readonly memory: LocatorMemory;
}

/** What caveats ask about, read out of the body. */
export interface Wanted {
  readonly exec?: ExecRequest;
  readonly wish?: EnvironmentRequest;
}

/**
 * A request, who sent it, and what it is about as it stands now: the fourth step of the pipeline. Only
 * {@link LocatedRequest.find} and {@link LocatedRequest.recall} make one.
 */
export class LocatedRequest {
  readonly authentic: AuthenticRequest;
  readonly caller: Caller;
  /** From before the rows were read: they stood so then or later. */
  readonly lookedAt: Date;
  readonly #wanted: Wanted;

  private constructor(authentic: AuthenticRequest, caller: Caller, lookedAt: Date, wanted: Wanted) {
    this.authentic = authentic;
    this.caller = caller;
    this.lookedAt = lookedAt;
    this.#wanted = wanted;
  }

  get wanted(): Wanted {
    return this.#wanted;
  }

  /** @throws HangarError `token_unknown_key`, or what is wrong with a body that caveats are about */
  static async find(authentic: AuthenticRequest, deps: LocateDeps): Promise<LocatedRequest> {
    const { whole } = authentic;
    const wanted = readWanted(whole, deps.policy);
    const lookedAt = deps.now();
    const era = deps.memory.begin();
    const environment = await environmentOf(whole.plan, deps.store);
    const verified = callerFor(authentic, environment);
    const workspace = await deps.store.workspace(verified.workspace);
    if (!workspace)
      throw new HangarError('token_unknown_key', { detail: 'the workspace of the token does not exist' });
    deps.memory.remember(era, { environment, workspace });
    const organization = await deps.rule.allows(deps.organization);
    const place = { verified, workspace, environment, organization, now: deps.now() };
    return new LocatedRequest(authentic, callerAt(place, whole, wanted), lookedAt, wanted);
  }

  /**
   * From fresh memory alone, for a read of what is in an app that is ready; undefined says nothing about it. An effect of such
   * a request looks at the rows first, since its own look counts as long past.
   */
  static recall(
    authentic: AuthenticRequest,
    { memory, rule, organization: operator, now }: Omit<LocateDeps, 'store' | 'policy'>,
  ): LocatedRequest | undefined {
    const { whole } = authentic;
    const { app, machine } = whole.plan.params;
    const environment = app === undefined ? undefined : memory.environment(app);
    if (environment?.phase !== 'ready') return undefined;
    if (machine !== undefined && memory.machine(machine)?.environment !== environment.id) return undefined;
    const verified = callerFor(authentic, environment);
    const workspace = memory.workspace(verified.workspace);
    const organization = rule.recall(operator);
    if (!workspace || !organization) return undefined;
    const place = { verified, workspace, environment, organization, now: now() };
    return new LocatedRequest(authentic, callerAt(place, whole, {}), LONG_PAST, {});
  }
}

const LONG_PAST = new Date(0);

function callerAt(
  place: Pick<Caller, 'verified' | 'workspace' | 'environment' | 'organization' | 'now'>,
  { door: { remoteAddress } }: WholeRequest,
  { exec, wish }: Wanted,
): Caller {
  const { verified, workspace, environment, organization, now } = place;
  // Member by member: every request comes this way, and a spread costs ten times as much.
  const facts: { -readonly [Member in keyof CallerFacts]: CallerFacts[Member] } = {};
  if (remoteAddress !== undefined) facts.remoteAddress = remoteAddress;
  const caller: { -readonly [Member in keyof Caller]: Caller[Member] } = {
    verified,
    workspace,
    environment,
    organization,
    now,
    facts,
  };
  if (exec) {
    facts.exec = exec.asked;
    caller.command = exec.command;
  }
  if (wish) caller.wish = wish;
  return caller;
}

/** A header may hold tokens for several workspaces; the one that owns the app decides. */
export function callerFor(
  { verified }: AuthenticRequest,
  environment: Environment | undefined,
): AuthenticatedCaller {
  return (environment && verified.within(environment.workspace)) ?? verified;
}

/** The environment that a path is about, by its name or, on our own paths, by its id; undefined where there is none. */
export async function environmentOf(
  { params }: RequestPlan,
  store: EnvironmentStore,
): Promise<Environment | undefined> {
  const name = params['app'] ?? params['environment'];
  if (name === undefined) return undefined;
  return isEnvironmentId(name) ? await store.environment(name) : await store.environmentNamed(name);
}

/** What a command is and what is to be made is part of what caveats are asked. */
function readWanted(whole: WholeRequest, policy: EnvironmentPolicy): Wanted {
  const { reads } = whole.plan.route;
  if (reads === undefined) return {};
  switch (reads) {
    case 'command':
      return { exec: readExec(whole.json(), policy) };
    case 'app-request':
      return { wish: readAppRequest(whole.json()) };
    case 'environment-request':
      return { wish: readEnvironmentRequest(whole.json()) };
  }
}
