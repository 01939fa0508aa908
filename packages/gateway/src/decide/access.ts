import { type Access, Action } from '@hangar/macaroon';
import type { Caller } from '../locate/caller.ts';
import type { RequestPlan } from '../request/plan.ts';
import { queryValues } from '../request/target.ts';
import type { Environment } from '../nouns.ts';
import type { AuthenticatedCaller } from '@hangar/contract';

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
      ...factsFor(caller, environment, route.costs === 'may'),
      listing: route.resource === 'list',
      keepsLimits: true,
    },
  };
}

/** Whether a token may read an environment: what a list is cut down by. */
export function mayRead(environment: Environment, caller: Caller): boolean {
  const { verified, workspace, now } = caller;
  if (isCutOff(environment, verified)) return false;
  const extension = factsFor(caller, environment, false);
  const appId = environment.numericId ?? 0n;
  return verified.clear({ action: Action.read, orgId: workspace.number, appId, now, extension }).ok;
}

/** The names are those that Hangar's own caveats ask for. */
export function factsFor(
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

/** A quarantined environment has lost its own tokens: only one that reaches every app still sees it, and can undo it. */
export function isCutOff({ phase }: Environment, verified: AuthenticatedCaller): boolean {
  return phase === 'quarantined' && verified.appScope() !== undefined;
}
