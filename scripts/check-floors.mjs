// The house has floors, and arrows between packages point down (ARCHITECTURE.md). Reads every import in `src` and
// every manifest, and fails on one that points up, sideways, through the wall, or into another package's insides.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Package folder -> its floor. Two rooms on the same floor never import each other. */
const FLOORS = {
  'packages/macaroon': 0,
  'packages/http': 0,
  'packages/security': 1,
  'packages/flyio': 2,
  'packages/contract': 2,
  'packages/provider': 3,
  'packages/gateway': 3,
  'packages/authority': 3,
  'packages/audit': 3,
  'packages/store': 4,
  'apps/dashboard': 4,
  'apps/hangar': 5,
};

/** The other side of the street: these share floors 0 to 2 with the product, without what its capabilities share, and meet it only over HTTP. */
const ACROSS_THE_WALL = ['packages/simulator', 'packages/conformance'];

/** The tester plays Fly.io with the simulator: both are on that side. */
const WITHIN_THE_WALL = [['packages/conformance', 'packages/simulator']];

/** On a shared floor, and yet the product's own. */
const OWN_SIDE = ['packages/contract'];

/** The app may start the processes of these, so its manifest names them; its sources never import them. */
const MAY_START = [
  ['apps/hangar', 'packages/simulator'],
  ['apps/hangar', 'packages/conformance'],
];

/** The one place of each drawer: what may be used only there. */
const DRAWERS = [
  { what: 'process.env', pattern: /\bprocess\.env\b/, only: (file) => file === 'apps/hangar/src/config.ts' },
  {
    what: 'Date.now()',
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    only: (file) => file === 'packages/http/src/clock.ts' || file.startsWith('apps/dashboard/'),
  },
  {
    what: 'Node',
    pattern: /from 'node:/,
    // What a page loads too: the offline half of the authority, with the caveats it reads.
    only: (file) => !/^packages\/authority\/src\/(?:offline|caveats)\//.test(file),
  },
  { what: 'drizzle-orm', pattern: /from 'drizzle-orm/, only: (file) => file.startsWith('packages/store/') },
];

/**
 * @param {string} root
 * @returns {string[]} every offence, one sentence each
 */
export function checkFloors(root) {
  const packages = new Map();
  for (const group of ['packages', 'apps', 'examples']) {
    for (const name of list(join(root, group))) {
      const folder = `${group}/${name}`;
      const manifest = read(join(root, folder, 'package.json'));
      if (manifest !== undefined)
        packages.set(JSON.parse(manifest).name, { folder, manifest: JSON.parse(manifest) });
    }
  }
  const offences = [];
  for (const { folder, manifest } of packages.values()) {
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      const target = packages.get(dependency)?.folder;
      if (target === undefined || MAY_START.some(([from, to]) => from === folder && to === target)) continue;
      const wrong = wrongArrow(folder, target);
      if (wrong !== undefined)
        offences.push(`${folder}/package.json: depends on ${dependency}, which ${wrong}`);
    }
    for (const file of sources(join(root, folder, 'src'))) {
      const path = relative(root, file);
      const text = readFileSync(file, 'utf8');
      for (const specifier of specifiers(text)) {
        const offence = importOffence(folder, path, specifier, packages, manifest);
        if (offence !== undefined) offences.push(`${path}: imports ${specifier}, which ${offence}`);
      }
      for (const drawer of DRAWERS) {
        if (folder.startsWith('examples/') || ACROSS_THE_WALL.includes(folder)) continue;
        if (drawer.pattern.test(withoutComments(text)) && !drawer.only(path))
          offences.push(`${path}: uses ${drawer.what}, which has a drawer of its own`);
      }
    }
  }
  return offences;
}

function importOffence(folder, path, specifier, packages, manifest) {
  if (specifier.startsWith('.')) {
    const depth = path.split('/').length - folder.split('/').length - 1;
    const up = (specifier.match(/\.\.\//g) ?? []).length;
    return up > depth ? 'leaves its package by a relative path' : undefined;
  }
  const match = /^(@[^/]+\/[^/]+|[^@/][^/]*)(\/.*)?$/.exec(specifier);
  const target = packages.get(match?.[1] ?? '');
  if (target === undefined || target.folder === folder) return undefined;
  if (match?.[2] !== undefined && target.manifest.exports?.[`.${match[2]}`] === undefined)
    return 'is inside another package';
  const name = match?.[1] ?? '';
  // What the page and the server say to each other is types alone: they are gone when the app runs.
  const isTypesOfThePage =
    specifier === '@hangar/dashboard/wire' && manifest.devDependencies?.[name] !== undefined;
  if (manifest.dependencies?.[name] === undefined && !isTypesOfThePage)
    return 'is not among its dependencies';
  return wrongArrow(folder, target.folder);
}

function wrongArrow(from, to) {
  if (from.startsWith('examples/')) return ACROSS_THE_WALL.includes(to) ? 'is across the wall' : undefined;
  if (WITHIN_THE_WALL.some(([one, other]) => one === from && other === to)) return undefined;
  if (ACROSS_THE_WALL.includes(to)) return 'is across the wall';
  if (ACROSS_THE_WALL.includes(from))
    return FLOORS[to] <= 2 && !OWN_SIDE.includes(to) ? undefined : 'is across the wall';
  if (FLOORS[from] === undefined)
    return `starts from ${from}, which has no floor in scripts/check-floors.mjs`;
  if (FLOORS[to] === undefined) return 'has no floor in scripts/check-floors.mjs';
  if (from === 'apps/hangar' && to === 'apps/dashboard') return undefined;
  return FLOORS[to] < FLOORS[from] ? undefined : 'is not on a lower floor';
}

/** Every module named by an import or export statement, or by a dynamic import of a constant. */
function specifiers(text) {
  return [...withoutComments(text).matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\()'([^']+)'/g)].map(
    (match) => match[1],
  );
}

function withoutComments(text) {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

function sources(folder) {
  return list(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const offences = checkFloors(fileURLToPath(new URL('..', import.meta.url)));
  for (const offence of offences) console.error(offence);
  console.log(offences.length === 0 ? 'floors: every arrow points down' : `floors: ${offences.length} wrong`);
  process.exitCode = offences.length === 0 ? 0 : 1;
}
