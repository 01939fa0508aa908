// Builds everything: the compiler over all packages and, beside it, the page. They share nothing but the machine's two cores.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const codes = await Promise.all([
  run('npx', ['tsc', '-b']),
  run('npm', ['run', '--silent', 'build', '--workspace', 'apps/dashboard']),
]);
process.exitCode = codes.find((code) => code !== 0) ?? 0;

/** @returns {Promise<number>} the exit code */
async function run(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
  return await new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
