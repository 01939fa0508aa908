import type { Extension } from '../extension.ts';

/**
 * An extension in Fly.io's words: the answer of GET, and the `resource` of a webhook, which by construction are
 * the same. There is no `config` in it, so neither can ever carry one (docs/specs/extensions.md#show).
 */
export function resourceWire(extension: Extension): Record<string, unknown> {
  return {
    id: extension.id,
    name: extension.name,
    status: extension.status,
    status_detail: extension.statusDetail,
    ...(extension.status === 'error'
      ? { error_message: extension.errorMessage ?? 'the provider could not complete this' }
      : {}),
    plan: extension.plan ?? null,
    primary_region: extension.primaryRegion ?? null,
    read_regions: extension.readRegions,
    ip_address: extension.ipAddress ?? null,
    options: extension.options,
    fly_app_name: extension.flyAppName,
    organization_id: extension.organizationId,
    user_id: extension.userId,
    created_at: extension.createdAt.toISOString(),
    updated_at: extension.updatedAt.toISOString(),
  };
}
