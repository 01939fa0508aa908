import { appWireOf, environmentWire } from './environment-views.ts';
import { mayRead } from '../decide/access.ts';
import { isGone, type Environment, type Machine, type Power } from '../nouns.ts';
import { appOf, type Exchange, type HandlerDeps } from '../upstream/exchange.ts';
import { type Answer } from '../answer/respond.ts';
import { deleteEnvironment } from '../making/delete-environment.ts';
import { undelete } from '../making/quarantine.ts';
import type { Deps } from '../deps.ts';
import { queryValues } from '../request/target.ts';

/** The environments of the caller's workspace that its token may read. */
export async function visibleEnvironments(
  { caller }: Exchange,
  deps: HandlerDeps,
  deadSince?: Date,
): Promise<Environment[]> {
  const all = await deps.store.environmentsOf(caller.workspace.number, deadSince);
  return all.filter((environment) => mayRead(environment, caller));
}

/**
 * `GET /v1/apps`: from our own rows, so that an operator's other apps never show up. An app has a role only when it was
 * made with one: flyctl deletes the first app that it takes for a broken builder.
 */
export async function listApps(exchange: Exchange, deps: HandlerDeps): Promise<Answer> {
  const { workspace } = exchange.caller;
  const counts = machineCounts(await deps.store.machinesIn(workspace.number));
  const [role] = queryValues(exchange.plan.query, 'app_role');
  const visible = (await visibleEnvironments(exchange, deps)).filter(
    (environment) => environment.phase === 'ready' && (role === undefined || environment.role === role),
  );
  const volumes = await deps.store.volumeCounts(visible.map(({ id }) => id));
  const apps = visible.map((environment) =>
    appWireOf(environment, workspace, {
      machines: counts.get(environment.id) ?? 0,
      volumes: volumes.get(environment.id) ?? 0,
    }),
  );
  return { status: 200, json: { total_apps: apps.length, apps } };
}

function machineCounts(machines: readonly Machine[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { environment, state } of machines) {
    if (!isGone(state)) counts.set(environment, (counts.get(environment) ?? 0) + 1);
  }
  return counts;
}

/** `GET /v1/apps/{app}`. */
export async function getApp(exchange: Exchange, deps: HandlerDeps): Promise<Answer> {
  const { environment } = appOf(exchange);
  const machines = await deps.store.machinesOf(environment.id);
  const volumes = await deps.store.volumeCounts([environment.id]);
  const counts = {
    machines: machines.filter(({ state }) => !isGone(state)).length,
    volumes: volumes.get(environment.id) ?? 0,
  };
  return { status: 200, json: appWireOf(environment, exchange.caller.workspace, counts) };
}

/**
 * `DELETE /v1/apps/{app}`: 202 once it is written down; from then on it happens, now or by the recovery task, or after the
 * grace that the policy gives (docs/specs/gateway.md#grace). Asking again while it happens is 202 again.
 */
export async function deleteApp(exchange: Exchange, deps: Deps): Promise<Answer> {
  const graceMs = deps.policy.deleteGraceSeconds * 1000;
  await deleteEnvironment(appOf(exchange).environment, graceMs, deps, exchange.change);
  return { status: 202 };
}

/** `POST /hangar/v1/environments/{environment}/undelete`: a deletion in its grace is taken back. */
export async function undeleteEnvironment(exchange: Exchange, deps: Deps): Promise<Answer> {
  const mayStill = async (): Promise<void> => await exchange.judgeAgain();
  const environment = await undelete(appOf(exchange).environment.id, mayStill, deps, exchange.change);
  const machines = await deps.store.machinesOf(environment.id);
  return { status: 200, json: environmentWire(environment, machines, deps.storageEndpoint) };
}

/** `GET /hangar/v1/environments`. */
export async function listEnvironments(exchange: Exchange, deps: HandlerDeps): Promise<Answer> {
  const { plan, caller } = exchange;
  const phases = queryValues(plan.query, 'phase');
  const powers = queryValues(plan.query, 'power') as Power[];
  const machines = await deps.store.machinesIn(caller.workspace.number);
  const environments = (await visibleEnvironments(exchange, deps))
    .map((environment) => environmentWire(environment, machines, deps.storageEndpoint))
    .filter(({ phase, power }) => fits(phases, phase) && fits(powers, power));
  return { status: 200, json: { environments } };
}

function fits<T>(wanted: readonly T[], value: T): boolean {
  return wanted.length === 0 || wanted.includes(value);
}

/** `GET /hangar/v1/environments/{id or name}`. */
export async function getEnvironment(exchange: Exchange, deps: HandlerDeps): Promise<Answer> {
  const { environment } = appOf(exchange);
  const machines = await deps.store.machinesOf(environment.id);
  return { status: 200, json: environmentWire(environment, machines, deps.storageEndpoint) };
}
