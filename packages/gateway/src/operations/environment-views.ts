import type { Environment, Workspace } from '../nouns.ts';

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
    ...(environment.role === undefined ? {} : { app_role: environment.role }),
    organization: {
      name: workspace.slug,
      slug: workspace.slug,
      internal_numeric_id: Number(workspace.number),
    },
  };
}
