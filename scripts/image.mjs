// `node scripts/image.mjs FOLDER`: lays out what runs in production and nothing else, from a built clone. The container image is this folder,
// and so is an installation without containers.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [wanted] = process.argv.slice(2);
if (wanted === undefined) refuse('Name the folder to write: node scripts/image.mjs FOLDER');
const folder = resolve(wanted);
if (existsSync(folder) && readdirSync(folder).length > 0) refuse(`${folder} is not empty.`);
if (!existsSync(join(root, 'apps/hangar/dist/main.js'))) refuse('Nothing is built yet: npm run build');

const workspaces = readWorkspaces();
const needed = reachableFrom('@hangar/hangar');
copy('package-lock.json', 'LICENSE');
writeManifest('.', ({ name, version, license, type, engines }) => ({
  name,
  version,
  private: true,
  license,
  type,
  engines,
  workspaces: [...needed].map((one) => workspaces.get(one)),
}));
for (const [name, files] of packed()) {
  const where = workspaces.get(name);
  copy(...files.map((file) => `${where}/${file}`));
  // What only builds and tests a package would be installed for its sake otherwise, omitted or not.
  writeManifest(where, (manifest) => ({ ...manifest, devDependencies: undefined }));
}
// Not `npm ci`, which insists on every workspace of the lock file; its versions hold all the same.
execFileSync(
  'npm',
  [
    'install',
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--loglevel=error',
  ],
  { cwd: folder, stdio: ['ignore', 2, 2] },
);

/** Names of the workspaces, and where each lies. */
function readWorkspaces() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const links = Object.entries(packages).filter(([, { link }]) => link === true);
  return new Map(links.map(([name, { resolved }]) => [name.slice('node_modules/'.length), resolved]));
}

/** A workspace and those that it needs to run. */
function reachableFrom(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const { dependencies } = JSON.parse(readFileSync(join(root, workspaces.get(name), 'package.json'), 'utf8'));
  for (const other of Object.keys(dependencies ?? {})) if (workspaces.has(other)) reachableFrom(other, found);
  return found;
}

/** The files that npm would publish, without the sources and types: they serve people who develop with the packages. */
function packed() {
  const workspaceFlags = [...needed].flatMap((name) => ['--workspace', name]);
  const packs = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', ...workspaceFlags], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const runs = (path) => !path.startsWith('src/') && !/\.d\.ts(\.map)?$/.test(path);
  return packs.map(({ name, files }) => [name, files.map(({ path }) => path).filter(runs)]);
}

function copy(...files) {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file), { preserveTimestamps: true });
  }
}

function writeManifest(where, change) {
  const manifest = JSON.parse(readFileSync(join(root, where, 'package.json'), 'utf8'));
  mkdirSync(join(folder, where), { recursive: true });
  writeFileSync(join(folder, where, 'package.json'), `${JSON.stringify(change(manifest), undefined, 2)}\n`);
}

function refuse(sentence) {
  console.error(sentence);
  process.exit(1);
}
