import { type Access, Action } from '@hangar/macaroon';
import type { Caller } from '../locate/caller.ts';
import type { RequestPlan } from '../request/plan.ts';
import { queryValues } from '../request/target.ts';
import type { Environment } from '../nouns.ts';
import type { AuthenticatedCaller, EnvironmentFacts, HangarFacts } from '@hangar/contract';

/** The question put to the caveats. */
export function accessOf(
  plan: RequestPlan,
  caller: Pick<Caller, 'workspace' | 'environment' | 'wish' | 'command' | 'facts' | 'now'>,
): Access<HangarFacts> {
  const { route, params, query } = plan;
  // Reading secret values is as strong as writing them: whoever sets them knows them.
  const reveals = queryValues(query, 'show_secrets').some((value) => value !== 'false' && value !== '0');
  const { environment } = caller;
  const { machine, volume } = params;
  const access: Writable<Access<HangarFacts>> = {
    action: reveals ? route.action | Action.write : route.action,
    orgId: caller.workspace.number,
    now: caller.now,
    extension: factsFor(caller, environment, route.costs === 'may', {
      listing: route.resource === 'list',
      keepsLimits: true,
    }),
  };
  // Zero is the number of an app that has none yet: only a token for every app clears it.
  if (environment !== undefined) access.appId = environment.numericId ?? 0n;
  if (machine !== undefined) access.machine = machine;
  if (volume !== undefined) access.volume = volume;
  if (route.machineFeature !== undefined) access.machineFeature = route.machineFeature;
  if (caller.command !== undefined) access.command = caller.command;
  return access;
}

/** Whether a token may read an environment: what a list is cut down by. */
export function mayRead(environment: Environment, caller: Caller): boolean {
  const { verified, workspace, now } = caller;
  if (isCutOff(environment, verified)) return false;
  const extension = factsFor(caller, environment, false);
  const appId = environment.numericId ?? 0n;
  return verified.clear({ action: Action.read, orgId: workspace.number, appId, now, extension }).ok;
}

/** The names are those that Hangar's own caveats ask for; `asked` is what only some questions say. */
export function factsFor(
  { facts, wish }: Pick<Caller, 'facts' | 'wish'>,
  environment: Environment | undefined,
  costs: boolean,
  asked?: Pick<HangarFacts, 'listing' | 'keepsLimits'>,
): HangarFacts {
  const said: Writable<HangarFacts> = { costs };
  if (facts?.remoteAddress !== undefined) said.remoteAddress = facts.remoteAddress;
  if (facts?.exec !== undefined) said.exec = facts.exec;
  if (asked?.listing !== undefined) said.listing = asked.listing;
  if (asked?.keepsLimits !== undefined) said.keepsLimits = asked.keepsLimits;
  const subject = environment ?? wish;
  if (subject === undefined) return said;
  const { name, key = name, class: kind, labels } = subject;
  const about: Writable<EnvironmentFacts> = { exists: environment !== undefined, name, key, labels };
  if (kind !== undefined) about.class = kind;
  if (wish?.ttlSeconds !== undefined) about.ttlSeconds = wish.ttlSeconds;
  said.environment = about;
  return said;
}

/** Filled in member by member: this is done for every request, and a spread costs ten times as much. */
type Writable<T> = { -readonly [Member in keyof T]: T[Member] };

/** A quarantined environment has lost its own tokens: only one that reaches every app still sees it, and can undo it. */
export function isCutOff({ phase }: Environment, verified: AuthenticatedCaller): boolean {
  return phase === 'quarantined' && verified.appScope() !== undefined;
}
