import {
  isGone,
  powerOf,
  type Environment,
  type Machine,
  type MachineFailure,
  type Workspace,
} from '../nouns.ts';

/**
 * An app as `GET /v1/apps/{app}` shows it. The organization is the caller's workspace: the operator's own is none of
 * the caller's business.
 */
export function appWireOf(
  environment: Environment,
  workspace: Workspace,
  counts: { readonly machines: number; readonly volumes: number },
): Record<string, unknown> {
  return {
    id: environment.upstreamId ?? environment.id,
    name: environment.name,
    internal_numeric_id: environment.numericId === undefined ? null : Number(environment.numericId),
    network: environment.network,
    status: counts.machines > 0 ? 'deployed' : 'pending',
    machine_count: counts.machines,
    volume_count: counts.volumes,
    app_role: environment.role,
    organization: {
      name: workspace.slug,
      slug: workspace.slug,
      internal_numeric_id: Number(workspace.number),
    },
  };
}

export function failureWire({ reason, exitCode, oomKilled, at }: MachineFailure) {
  return { reason, exit_code: exitCode ?? null, oom_killed: oomKilled, at: at.toISOString() };
}

/** An environment as Hangar's own surface shows it. */
export function environmentWire(environment: Environment, machines: readonly Machine[], endpoint: string) {
  const own = machines.filter((machine) => machine.environment === environment.id && !isGone(machine.state));
  return {
    id: environment.id,
    name: environment.name,
    numeric_id: environment.numericId === undefined ? null : Number(environment.numericId),
    key: environment.key ?? null,
    class: environment.class ?? null,
    labels: environment.labels,
    phase: environment.phase,
    power: powerOf(own),
    network: environment.network,
    bucket: { name: environment.bucket, endpoint },
    machines: own.map(({ id, state, region, failure }) => ({
      id,
      state,
      region,
      failure: failure === undefined ? null : failureWire(failure),
    })),
    created_by: { token_id: environment.createdByToken, branch: environment.createdByBranch },
    created_at: environment.createdAt.toISOString(),
    ready_at: environment.readyAt?.toISOString() ?? null,
    ttl_at: environment.expiresAt?.toISOString() ?? null,
    delete_after: environment.deleteAfter?.toISOString() ?? null,
  };
}
