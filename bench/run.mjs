// `npm run bench`: runs every benchmark of this folder and writes bench/README.md. Each prints a markdown section with ratios taken
// in one run; absolute figures are only there to judge the machine by.
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
// The packages to compare with have their own lock and are no workspace, so that installing Hangar does not install them.
const install = spawnSync('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], {
  cwd: `${folder}peers`,
  stdio: ['ignore', 'ignore', 'inherit'],
  shell: process.platform === 'win32',
});
if (install.status !== 0) {
  console.error('the packages to compare with could not be installed');
  process.exit(1);
}
const sections = [];
for (const name of readdirSync(folder)
  .filter((file) => file.endsWith('.bench.mjs'))
  .sort()) {
  console.error(`running ${name}`);
  const run = spawnSync(process.execPath, [`${folder}${name}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) {
    console.error(`${name} failed`);
    process.exit(1);
  }
  sections.push(run.stdout.trim());
}
const page = [
  '# Benchmarks',
  '',
  'Written by `npm run bench`. Compare ratios, not absolute figures: both sides of each were measured in turn, in one run, on one machine. Time is processor time of the whole process, garbage collection included; turns that were interrupted by other programs do not count.',
  '',
  `Node ${process.versions.node}, ${cpus().length} processors (${cpus()[0]?.model.trim() ?? 'unknown'}).`,
  '',
  ...sections.flatMap((section) => [section, '']),
].join('\n');
writeFileSync(`${folder}README.md`, page);
console.log(page);
