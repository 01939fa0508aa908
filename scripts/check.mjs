// `npm run check`: everything that can be judged without running the product. Prints one line per check and `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** @type {[string, string, string[]][]} */
const checks = [
  ['format', 'npx', ['oxfmt', '--check']],
  ['types', 'npx', ['tsc', '-b']],
  ['types of tests', 'npx', ['tsc', '-p', 'tsconfig.test.json']],
  ['types of the dashboard', 'npx', ['tsc', '-p', 'apps/dashboard/tsconfig.json']],
  ['lint', 'npx', ['oxlint', '--type-aware', '--deny-warnings']],
  ['floors', process.execPath, ['scripts/check-floors.mjs']],
  ['house', process.execPath, ['scripts/check-house.mjs']],
  ['unused code', 'npx', ['knip']],
  // What a package exports and nobody imports, tests and examples included. Types stay: signatures need them.
  [
    'unused exports',
    'npx',
    ['knip', '--include-entry-exports', '--include', 'exports', '-W', './packages/*'],
  ],
  ['generated pages', process.execPath, ['scripts/generate.mjs', '--check']],
];

let failed = 0;
for (const [name, command, args] of checks) {
  const started = performance.now();
  const run = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const passed = run.status === 0;
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (!passed) {
    failed += 1;
    console.log(`${run.stdout ?? ''}${run.stderr ?? ''}`.trimEnd());
  }
}
console.log(`\n${checks.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
