import type { SecretHit } from '../../secrets/scan.ts';
import { pages, type Rule } from '../../rule.ts';
import { shown } from './fly-tokens.ts';

/** What is beneath notice even where it lies open. */
const MILD = new Set<SecretHit['kind']>(['tigris-id', 'aws-key', 'jwt']);

const inHistory: Rule = {
  id: 'HA209',
  severity: 'info',
  title: 'A secret is in the history of git',
  reason: 'A deleted line is still there for everybody who can clone.',
  fix: 'Rotate it; that ends it everywhere. `git log --all --find-object=ID` shows when it was there. To rewrite history is optional.',
  source: pages.secrets,
  *check(project) {
    const present = new Set(project.secrets.map(({ digest }) => digest));
    for (const { hit, object } of project.history()) {
      if (present.has(hit.digest) || MILD.has(hit.kind)) continue;
      present.add(hit.digest);
      yield {
        place: { path: '.git', line: 1, column: 1, endLine: 1, endColumn: 1 },
        detail: `${shown(hit)}, in ${object === undefined ? 'a difference between two versions' : `the object ${object}`}`,
        key: hit.digest,
      };
    }
  },
};

export const HISTORY_RULES: readonly Rule[] = [inHistory];
