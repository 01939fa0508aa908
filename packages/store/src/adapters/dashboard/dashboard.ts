import type { Database } from '../../database.ts';
import { readDeliveries, readDelivery } from './deliveries.ts';
import { readEnvironments } from './environments.ts';
import { readExtension, readExtensions } from './extensions.ts';
import { readMachineEvents } from './machine-events.ts';
import { readWorkspace, readWorkspaces } from './workspaces.ts';

/**
 * The dashboard's questions, answered from the database (port: apps/hangar/src/dashboard/ports.ts). Every statement
 * joins down from `extensions` and filters by the viewer's organizations there, so there is no order of calls by
 * which a row of another organization could be read.
 */
export function createDashboardReads(db: Database) {
  return {
    extensions: async (organizationIds: readonly string[]) => await readExtensions(db, organizationIds),
    extension: async (organizationIds: readonly string[], extensionId: string) =>
      await readExtension(db, organizationIds, extensionId),
    environments: async (organizationIds: readonly string[], extensionId: string) =>
      await readEnvironments(db, organizationIds, extensionId),
    workspaces: async (organizationIds: readonly string[]) => await readWorkspaces(db, organizationIds),
    workspace: async (organizationIds: readonly string[], extensionId: string) =>
      await readWorkspace(db, organizationIds, extensionId),
    deliveries: async (organizationIds: readonly string[], extensionId: string) =>
      await readDeliveries(db, organizationIds, extensionId),
    delivery: async (organizationIds: readonly string[], extensionId: string, deliveryId: string) =>
      await readDelivery(db, organizationIds, extensionId, deliveryId),
    machineEvents: async (organizationIds: readonly string[], extensionId: string) =>
      await readMachineEvents(db, organizationIds, extensionId),
  };
}
