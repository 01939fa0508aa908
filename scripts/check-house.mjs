// Rules that no linter knows: file length, forbidden names, references that can be opened, the lock file
// (docs/specs/promises.md#lock-file), migrations in order (docs/specs/promises.md#migrations).
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkReferences } from './references.mjs';

/** Above this a file holds more than one idea. Tests and generated SQL may be longer. */
const MAX_LINES = 400;
/** A folder with more is a drawer: nobody reads its list. */
const MAX_FILES = 15;
const FORBIDDEN_NAMES = /^(?:utils?|helpers?|common|misc|types|manager|service)\.[cm]?[jt]sx?$/;

/** A literal or a table at the level of a module, under a name in lower case. */
const LOWER_CONSTANT =
  /^(?:export )?const ([a-z]\w*)(?:: [^=]+)? = (?:-?\d|'|`[^$]*`;|\/[^/*]|\[|new (?:Set|Map)\b)/gm;
/** Registries that are used like values, and names that packages give to their users. */
const VALUES =
  /^(?:routes|dashboardRoutes|presets|steps|variables|operatorOrganization|seededOrganizations|seededUsers)$/;

/** A member that is spread in only when it is there; absence is a member that says undefined. */
const SPREAD_OF_ABSENCE = /\.\.\.\(\s*[^()]*=== undefined\s*\?\s*\{\}\s*:\s*\{\s*([a-z]\w*)\b/g;
/** Where a member that says undefined is not the same as none. */
const ABSENCE_COUNTS = new Map([
  ['apps/hangar/src/demo/calls.ts', 'headers'],
  ['apps/hangar/src/token/api.ts', 'headers'],
  ['apps/hangar/src/token/online.ts', 'a query'],
  ['packages/authority/src/client/conversation.ts', 'headers'],
  ['packages/provider/src/operations/carry-out.ts', 'a change laid over a record'],
  ['packages/provider/src/wire/provision-request.ts', 'members are counted and compared'],
  ['packages/simulator/src/graphql/operations/add-ons.ts', 'a change laid over a record'],
  ['packages/simulator/src/process/run.ts', 'arguments laid over settings'],
  ['packages/store/src/adapters/gateway/volumes.ts', 'columns are counted'],
]);

/** The one place where tests switch faults on, because there it is asserted that they strike. */
const MISHAPS = 'test/harness/mishaps.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const offences = [];

for (const file of files.filter((name) => /\.(?:[cm]?[jt]s|tsx)$/.test(name))) {
  if (FORBIDDEN_NAMES.test(basename(file))) offences.push(`${file}: a name that says nothing; name the idea`);
  if (/\/test\/|^test\//.test(file)) {
    if (file !== MISHAPS && readFileSync(join(root, file), 'utf8').includes('faults.add('))
      offences.push(`${file}: switches a fault on without asserting that it struck; use ${MISHAPS}`);
    continue;
  }
  const text = readFileSync(join(root, file), 'utf8');
  if (/^(?:packages|apps|examples)\/[^/]+\/src\//.test(file))
    for (const [, name] of text.matchAll(LOWER_CONSTANT))
      if (!VALUES.test(name))
        offences.push(`${file}: ${name} is a constant; upper case, with its unit at the end`);
  if (/^(?:packages|apps|examples)\/[^/]+\/src\//.test(file) && !ABSENCE_COUNTS.has(file))
    for (const [, name] of text.matchAll(SPREAD_OF_ABSENCE))
      offences.push(`${file}: spreads ${name} in when it is there; write the member, undefined is absent`);
  if (/(?:^|\/)ports(?:\.ts$|\/)/.test(file) && /\| null\b|\bnull \|/.test(text))
    offences.push(`${file}: a port says null; absence is undefined, and the adapter translates`);
  const lines = text.split('\n').length - 1;
  if (lines > MAX_LINES)
    offences.push(`${file}: ${lines} lines; more than ${MAX_LINES} is more than one idea`);
}

const folders = new Map();
for (const file of files.filter((name) => /^(?:packages|apps|examples)\/[^/]+\/src\//.test(name)))
  folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
for (const [folder, count] of folders)
  if (count > MAX_FILES)
    offences.push(`${folder}: ${count} files; more than ${MAX_FILES} is more than one folder`);

const texts = files.filter((name) => /\.(?:md|[cm]?[jt]s|tsx)$/.test(name));
offences.push(
  ...checkReferences(new Map(texts.map((file) => [file, readFileSync(join(root, file), 'utf8')]))),
);

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
for (const [path, entry] of Object.entries(lock.packages)) {
  if (typeof entry.resolved === 'string' && entry.resolved.startsWith('http'))
    offences.push(`package-lock.json: ${path} names a registry`);
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!resolvable(lock.packages, path, name))
      offences.push(
        `package-lock.json: ${path || 'root'} wants ${name}, which has no entry; npm ci would refuse`,
      );
  }
}

const journalFile = join(root, 'packages/store/migrations/meta/_journal.json');
const journal = JSON.parse(readFileSync(journalFile, 'utf8'));
journal.entries.reduce((before, entry) => {
  if (entry.when <= before)
    offences.push(`migrations: ${entry.tag} is not newer than the one before it and would be skipped`);
  return entry.when;
}, 0);

function resolvable(packages, from, name) {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    const candidate = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (packages[candidate] !== undefined) return true;
    if (base === '') return false;
    if (!base.includes('/node_modules/')) base = '';
  }
}

for (const offence of offences) console.error(offence);
console.log(offences.length === 0 ? 'house: in order' : `house: ${offences.length} wrong`);
process.exitCode = offences.length === 0 ? 0 : 1;
