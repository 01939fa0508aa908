// Builds everything: the compiler over all packages, then the database that a first start copies, and beside them the page.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const codes = await Promise.all([
  compile(),
  run('npm', ['run', '--silent', 'build', '--workspace', 'apps/dashboard']),
]);
process.exitCode = codes.find((code) => code !== 0) ?? 0;

async function compile() {
  const code = await run('npx', ['tsc', '-b']);
  return code === 0 ? await run('node', ['scripts/blank-database.mjs']) : code;
}

/** @returns {Promise<number>} the exit code */
async function run(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
  return await new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
