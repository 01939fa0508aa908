import { pages, type Rule } from '../rule.ts';
import { readSuppressions } from '../settle/suppressions.ts';

const badSuppression: Rule = {
  id: 'HA901',
  severity: 'low',
  title: 'A suppression has no reason, or has run out',
  reason: 'A silence that nobody explains or ends hides the next finding of its kind.',
  fix: 'Write `# hangar-ignore RULE reason=why until=YYYY-MM-DD`, or mend what it hides and delete it.',
  source: pages.audit,
  *check(project) {
    for (const file of project.commented)
      for (const one of readSuppressions(file)) {
        const detail =
          one.rule === undefined
            ? 'it names no rule'
            : one.reason === undefined
              ? 'it gives no reason'
              : undefined;
        if (detail !== undefined) yield { place: one.place, detail };
        else if (one.until !== undefined && one.until < project.now)
          yield { place: one.place, detail: 'its date has passed' };
        else if (one.badDate) yield { place: one.place, detail: 'its date is none: until=YYYY-MM-DD' };
      }
  },
};

const unreadable: Rule = {
  id: 'HA902',
  severity: 'low',
  title: 'A file could not be read as what it is',
  reason:
    'What cannot be read was not checked: other findings may be in it. flyctl and GitHub refuse it too, or read something else.',
  fix: 'Mend it: `fly config validate` says what flyctl makes of a fly.toml.',
  source: pages.config,
  *check(project) {
    for (const { file, reason } of project.unreadable) {
      const line = Number(/at line (\d+)/.exec(reason)?.[1] ?? 1);
      yield { place: file.placeOfLine(line), detail: reason, key: file.path };
    }
    // flyctl does not look for it, and reads it as TOML when told to.
    for (const path of project.paths)
      if (/(?:^|\/)fly[\w.-]*\.yml$/.test(path) && !path.startsWith('.github/'))
        yield {
          place: { path, line: 1, column: 1, endLine: 1, endColumn: 1 },
          detail: 'flyctl reads .yml as TOML; call it .yaml',
          severity: 'info',
          key: path,
        };
  },
};

/** What the checker says about its own work. */
export const CHECKER_RULES: readonly Rule[] = [badSuppression, unreadable];
