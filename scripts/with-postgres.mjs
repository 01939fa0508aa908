// Runs a command beside a throw-away Postgres: the one from npm, or with `--bin DIR` the system's own. The command gets
// DATABASE_URL, HANGAR_TEST_DATABASE and HANGAR_TEST_DATABASE_URL.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startEmbeddedPostgres, THROW_AWAY } from './embedded-postgres.mjs';

const split = process.argv.indexOf('--');
// Without it the command would be this script itself, and each would start the next.
if (split === -1 || split === process.argv.length - 1) {
  console.error('Name the command: node scripts/with-postgres.mjs [--bin DIR] -- COMMAND [ARGUMENT...]');
  process.exit(2);
}
const [command, ...args] = process.argv.slice(split + 1);
const bin = process.argv[process.argv.indexOf('--bin') + 1];
const folder = mkdtempSync(join(tmpdir(), 'hangar-postgres-'));
chmodSync(folder, 0o755);
const server = process.argv.slice(0, split).includes('--bin')
  ? await system(bin)
  : await startEmbeddedPostgres(folder);
const { url } = server;

const child = spawn(command, args, {
  stdio: 'inherit',
  env: {
    ...process.env,
    DATABASE_URL: url,
    ...(command === 'npx' ? { HANGAR_TEST_DATABASE: 'postgres', HANGAR_TEST_DATABASE_URL: url } : {}),
  },
});
process.exitCode = await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
await server.stop();
rmSync(folder, { recursive: true, force: true });

/** Postgres refuses to run as root, so the system's own user runs it then. */
async function system(directory) {
  const port = await freePort();
  const data = join(folder, 'data');
  const asUser = (program, ...rest) =>
    process.getuid?.() === 0
      ? ['runuser', ['-u', 'postgres', '--', join(directory, program), ...rest]]
      : [join(directory, program), rest];
  mkdirSync(data);
  if (process.getuid?.() === 0) execFileSync('chown', ['postgres', data]);
  execFileSync(...asUser('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'), {
    stdio: 'ignore',
  });
  const options = [`-p ${port}`, ...THROW_AWAY.map((setting) => `-c ${setting}`)].join(' ');
  execFileSync(...asUser('pg_ctl', '-D', data, '-w', '-o', options, '-l', join(data, 'log'), 'start'), {
    stdio: 'ignore',
  });
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    stop: async () =>
      void spawnSync(...asUser('pg_ctl', '-D', data, '-m', 'fast', 'stop'), { stdio: 'ignore' }),
  };
}
