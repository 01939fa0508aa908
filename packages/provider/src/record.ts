import type { Extension } from './extension.ts';
import type { ExtensionRecord } from './ports.ts';

/** The extension inside a record, member by member: what only the kit may see does not slip through. */
export function extensionOf(record: ExtensionRecord): Extension {
  return {
    id: record.id,
    flyId: record.flyId,
    name: record.name,
    organizationId: record.organizationId,
    userId: record.userId,
    plan: record.plan,
    primaryRegion: record.primaryRegion,
    readRegions: record.readRegions,
    ipAddress: record.ipAddress,
    options: record.options,
    flyAppName: record.flyAppName,
    status: record.status,
    statusDetail: record.statusDetail,
    errorMessage: record.errorMessage,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    provisionedAt: record.provisionedAt,
    deletedAt: record.deletedAt,
  };
}
