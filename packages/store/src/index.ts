/** Opening: embedded or server, migrated, with the single-writer lock. */
export { openStore, embeddedStore, type OpenStoreOptions, type Store } from './open.ts';
export { migrateEmbedded, migrateServer } from './migrate.ts';
export { lockFolder, FolderLockedError, type FolderLock, type LockHolder } from './folder-lock.ts';

/** The executor that every adapter takes, and what failed statements mean. */
export { sqlState, isUniqueViolation, type Database, type Executor, type Schema } from './database.ts';
export { notify } from './signals.ts';
export * as schema from './schema/index.ts';

/** A database for one demo. */
export { openScratchDatabase, type ScratchDatabase } from './scratch.ts';

/** Facts decided once per installation. */
export { installationId } from './installation.ts';

/** Background work on a schedule that all processes share. */
export { startJobs, type Jobs } from './jobs.ts';
