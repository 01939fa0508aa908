// Makes a fresh clone ready before `npm start`, `npm test` and `npm run demo`, and costs almost nothing afterwards:
// installs when the lock file changed since the last install, builds when a source is newer than the last build.
// Node's built-ins only, because nothing else may be there yet.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders that a build does not read, or writes. */
const NOT_SOURCE = new Set(['node_modules', 'dist', 'test', 'migrations']);

const root = fileURLToPath(new URL('..', import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Hangar needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
// Serving and building need less than testing and checking (`all`): half the packages, half the time. Who has the
// other half already, from an `npm ci` of their own, keeps it.
const installStamp = join(root, 'node_modules', '.hangar-installed');
const all = process.argv.includes('all') || existsSync(join(root, 'node_modules', 'vitest'));
const installed = read(installStamp) ?? (isInstalledByHand() ? `all ${lock}` : undefined);
if (installed !== `all ${lock}` && (all || installed !== `some ${lock}`)) {
  npm(['ci', '--no-audit', '--no-fund', '--loglevel=error', ...(all ? [] : ['--omit=dev'])]);
  writeFileSync(installStamp, `${all ? 'all' : 'some'} ${lock}`);
}

if (process.argv.includes('build')) {
  const buildStamp = join(root, 'node_modules', '.hangar-built');
  const newest = newestSource();
  if (Number(read(buildStamp) ?? 0) < newest || !existsSync(join(root, 'apps/hangar/dist/main.js'))) {
    npm(['run', '--silent', 'build']);
    writeFileSync(buildStamp, String(newest));
  }
}

/** An `npm ci` of somebody's own for the lock file that is there; doing it again would take the packages from what runs. */
function isInstalledByHand() {
  const [theirs, lockFile] = ['node_modules/.package-lock.json', 'package-lock.json'].map((name) =>
    join(root, name),
  );
  const isWhole = existsSync(join(root, 'node_modules', 'vitest')) && existsSync(theirs);
  return isWhole && statSync(theirs).mtimeMs >= statSync(lockFile).mtimeMs;
}

function npm(args) {
  try {
    execFileSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
  } catch (error) {
    console.error(`\n\`npm ${args.join(' ')}\` failed; its own words are above.`);
    process.exit(error.status ?? 1);
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Modification time, in whole milliseconds, of the newest file that a build reads. */
function newestSource() {
  let newest = Math.floor(statSync(join(root, 'tsconfig.base.json')).mtimeMs);
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (NOT_SOURCE.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else newest = Math.max(newest, Math.floor(statSync(path).mtimeMs));
    }
  };
  for (const group of ['packages', 'apps', 'examples', 'docs']) {
    const folder = join(root, group);
    if (existsSync(folder)) walk(folder);
    else mkdirSync(folder, { recursive: true });
  }
  return newest;
}
