// `npm run bench`: runs every benchmark of this folder and writes bench/README.md; with names (`npm run bench -- simulator`) only those,
// and their sections take the place of what they said before. Each prints a markdown section with ratios taken in one run; absolute
// figures are only there to judge the machine by.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.mjs'))
  .map((file) => file.slice(0, -'.bench.mjs'.length))
  .sort();
const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (known.includes(name)) continue;
  console.error(`there is no ${name}; there are ${known.join(', ')}`);
  process.exit(2);
}
const names = wanted.length === 0 ? known : wanted;

if (names.includes('peers')) {
  // The packages to compare with have their own lock and are no workspace, so that installing Hangar does not install them.
  const install = spawnSync(
    'npm',
    ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'],
    {
      cwd: `${folder}peers`,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    },
  );
  if (install.status !== 0) {
    console.error('the packages to compare with could not be installed');
    process.exit(1);
  }
}
const sections = names.map((name) => {
  console.error(`running ${name}`);
  const run = spawnSync(process.execPath, [`${folder}${name}.bench.mjs`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) {
    console.error(`${name} failed`);
    process.exit(1);
  }
  return run.stdout.trim();
});

const head = [
  '# Benchmarks',
  '',
  'Written by `npm run bench`. Compare ratios, not absolute figures: both sides of each were measured in turn, in one run, on one machine. Time is processor time of the whole process, garbage collection included; turns that were interrupted by other programs do not count.',
  '',
  `Node ${process.versions.node}, ${cpus().length} processors (${cpus()[0]?.model.trim() ?? 'unknown'}).`,
].join('\n');
const before = wanted.length === 0 ? [] : sectionsOf(readFileSync(`${folder}README.md`, 'utf8'));
const titles = new Map([...before, ...sections].map((section) => [titleOf(section), section]));
const page = `${[head, ...titles.values()].join('\n\n')}\n`;
writeFileSync(`${folder}README.md`, page);
console.log(page);

/** The sections of the page as it is, each with its heading. */
function sectionsOf(text) {
  return text
    .split(/\n(?=## )/)
    .slice(1)
    .map((section) => section.trim());
}

function titleOf(section) {
  return section.slice(0, section.indexOf('\n'));
}
