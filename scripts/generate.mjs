// Writes the reference pages from the code they describe; with --check only says which ones are out of date.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurationPage, environmentExample } from '../apps/hangar/dist/config/reference.js';
import { errorsPage } from '../apps/hangar/dist/config/errors-page.js';
import { LIVE_RULES, OFFLINE_RULES } from '../packages/audit/dist/index.js';
import { INTROSPECTION_ROUTES } from '../packages/authority/dist/index.js';
import { MACHINES_OPERATIONS } from '../packages/flyio/dist/index.js';
import { routes } from '../packages/gateway/dist/index.js';
import { Action } from '../packages/macaroon/dist/index.js';
import { apiPage } from './api.mjs';
import { auditRulesPage } from './audit-rules.mjs';
import { CASES } from '../packages/conformance/dist/index.js';
import { clientsPage } from './clients.mjs';
import { conformancePage } from './conformance.mjs';
import { requirementsPage } from './requirements.mjs';
import { rulesPage } from './rules.mjs';
import { storagePage } from './storage.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = {
  '.env.example': environmentExample(),
  'docs/api.md': apiPage({
    routes,
    tokenRoutes: INTROSPECTION_ROUTES,
    operations: MACHINES_OPERATIONS,
    actions: Action,
  }),
  'docs/audit-rules.md': auditRulesPage(OFFLINE_RULES, LIVE_RULES),
  'docs/clients.md': clientsPage({
    results: clientResults(''),
    calls: clientResult('fly-go'),
    gateway: clientResults('gateway-'),
  }),
  'docs/configuration.md': configurationPage(),
  'docs/conformance.md': conformancePage(CASES),
  'docs/errors.md': errorsPage(),
  'docs/requirements.md': requirementsPage(
    readFileSync(join(root, 'docs/requirements.md'), 'utf8'),
    listed('*.test.ts'),
  ),
  ...rules(),
  'docs/storage.md': storagePage(schema()),
};
const stale = [];
for (const [file, text] of Object.entries(pages)) {
  const path = join(root, file);
  if (current(path) === text) continue;
  stale.push(file);
  if (process.argv.includes('--check')) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
if (process.argv.includes('--check') && stale.length > 0) {
  console.error(`out of date: ${stale.join(', ')}; run \`npm run generate\``);
  process.exitCode = 1;
}

function current(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** What the last run of a real flyctl wrote down, by scenario; and of one client alone. */
function clientResults(prefix) {
  const names = ['account', 'machines', 'deploy', 'shop', ...(prefix === '' ? ['extensions'] : [])];
  return new Map(names.map((name) => [name, clientResult(`${prefix}${name}`)]));
}

function clientResult(name) {
  return readFileSync(join(root, `test/clients/results/${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((row) => JSON.parse(row));
}

function schema() {
  const folder = join(root, 'packages/store/src/schema');
  const files = readdirSync(folder).toSorted();
  return new Map(files.map((file) => [file.replace(/\.ts$/, ''), readFileSync(join(folder, file), 'utf8')]));
}

/** The pages of rules, each with the code that names its rules. */
function rules() {
  const sources = listed('packages/*/src/**.ts', 'apps/*/src/**.ts', 'apps/*/src/**.tsx');
  return Object.fromEntries(
    [...listed('docs/specs/*.md')].map(([file, text]) => [file, rulesPage(file, text, sources)]),
  );
}

/** Files of the repository by their paths, those included that are not committed yet. */
function listed(...patterns) {
  const printed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns],
    { cwd: root, encoding: 'utf8' },
  );
  const files = printed.split('\n').filter((file) => file !== '' && current(join(root, file)) !== undefined);
  return new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}
