/** Opening: embedded or server, migrated, with the single-writer lock. */
export { openStore, embeddedStore, type OpenStoreOptions, type Store } from './open/open.ts';
export { makeBlankDatabase } from './open/make-blank-database.ts';
export { migrateEmbedded, migrateServer } from './open/migrate.ts';
export { lockFolder } from './open/folder-lock.ts';

/** Looking without touching. */
export { examineFolder, examineServer, type FolderFindings, type ServerFindings } from './open/examine.ts';

/** The database that adapters take. */
export type { Database, Executor, Schema } from './database.ts';

/** A database for one demo, dropped after it. */
export { openScratchDatabase, type ScratchDatabase } from './open/scratch.ts';

/** Facts decided once per installation. */
export { installationId } from './installation.ts';
export { sealedFact } from './sealed-fact.ts';

/** Background work on a schedule that all processes share. */
export { startJobs, type Jobs } from './jobs.ts';

/** The ports of the capabilities, on this database. */
export { createProviderStore, OUTBOX_CHANNEL } from './adapters/provider/provider.ts';
export { readBacklog, type Backlog } from './adapters/provider/backlog.ts';
export type { WorkspaceRows } from './adapters/workspace-rows.ts';
export { createGatewayStore } from './adapters/gateway/gateway.ts';
export type { GatewayAuditRow } from './adapters/gateway/audit.ts';
export { createFlowStore, createIssuerStore, createRateStore } from './adapters/authority/authority.ts';
export { createDirectory } from './adapters/directory.ts';
export { createDashboardReads } from './adapters/dashboard/dashboard.ts';
export { workspacesOf } from './adapters/members.ts';
