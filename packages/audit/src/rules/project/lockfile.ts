import { at, membersOf } from '../../readers/config-node.ts';
import { readYaml } from '../../readers/yaml.ts';
import { pages, type Rule } from '../../rule.ts';
import { ignoreRules } from '../../tree/ignore-rules.ts';
import type { SourceFile } from '../../tree/source-file.ts';

const LOCKFILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lockb',
  'bun.lock',
  'deno.lock',
];

const lockfile: Rule = {
  id: 'HA504',
  severity: 'low',
  title: 'No lockfile says what is installed',
  reason:
    'Every build takes the newest versions that fit, those of an hour ago too, which is how stolen packages spread.',
  fix: 'Run `npm install --package-lock-only`, commit package-lock.json, and build with `npm ci`.',
  source: pages.npm,
  *check(project) {
    const known = new Set(project.paths);
    for (const file of project.packages) {
      if (!hasDependencies(file)) continue;
      const places = foldersUp(file.folder).flatMap((folder) =>
        LOCKFILES.map((name) => (folder === '' ? name : `${folder}/${name}`)),
      );
      const lock = places.find((path) => known.has(path));
      if (lock === undefined)
        yield { place: file.placeOfLine(1), detail: 'there is no lockfile here or above', key: file.path };
      else if (
        ignoreRules(project.text('.gitignore') ?? '', 'git').ignores(lock) &&
        project.tracked?.has(lock) !== true
      )
        yield { place: file.placeOfLine(1), detail: `${lock} is ignored by git`, key: lock };
    }
  },
};

function hasDependencies(file: SourceFile): boolean {
  try {
    const root = readYaml(file.text);
    return ['dependencies', 'devDependencies'].some((name) => membersOf(at(root, name)).length > 0);
  } catch {
    return false;
  }
}

function foldersUp(folder: string): readonly string[] {
  const found = [folder];
  for (let at = folder.lastIndexOf('/'); at > 0; at = folder.lastIndexOf('/', at - 1))
    found.push(folder.slice(0, at));
  return folder === '' ? found : [...found, ''];
}

export const LOCKFILE_RULES: readonly Rule[] = [lockfile];
