import type { Project } from '../../project.ts';
import { scriptLines, type CommandLine } from '../../readers/commands.ts';
import { words } from '../../readers/dockerfile-stages.ts';
import { pages, type Rule, type Sighting } from '../../rule.ts';
import type { SourceFile } from '../../tree/source-file.ts';
import { longLived } from './fly-tokens.ts';

const LONG_HOURS = 90 * 24;
const CREATE = /\b(?:fly|flyctl)\s+tokens?\s+create\s+(?:deploy|org|readonly|ssh|machine-exec)\b/;
const MINUTES_OF: Readonly<Record<string, number>> = { h: 60, m: 1, s: 1 / 60 };

/** Hours of a duration as flyctl takes it; undefined for what is none. */
function hoursOf(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,6})?)(h|m|s)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) return undefined;
  return (
    parts.reduce((sum, [, number, unit]) => sum + Number(number) * (MINUTES_OF[unit ?? ''] ?? 0), 0) / 60
  );
}

/** What `-x` or `--expiry` says; undefined without one. */
function expiryOf(line: string): string | undefined {
  const all = words(line.replaceAll(/[`'",;)]/g, ' '));
  for (const [index, word] of all.entries()) {
    if (word === '-x' || word === '--expiry') return all[index + 1] ?? '';
    const joined = /^(?:--expiry=|-x=?)(\S+)$/.exec(word);
    if (joined !== null) return joined[1];
  }
  return undefined;
}

function* textLines(file: SourceFile): Generator<CommandLine> {
  for (let line = 1; line <= file.lineCount; line += 1) {
    const text = file.line(line);
    if (text.length < 4_096 && CREATE.test(text))
      yield { file, text, start: file.startOf(line), end: file.startOf(line) + text.length };
  }
}

/** Wherever somebody is told how to make a token. In prose a command without `-x` is only a hint. */
function* commands(project: Project): Generator<{ line: CommandLine; told: boolean }> {
  for (const workflow of project.workflows)
    for (const line of textLines(workflow.file)) yield { line, told: /^\s*#/.test(line.text) };
  for (const file of [...project.scripts, ...project.packages])
    for (const line of textLines(file)) yield { line, told: false };
  for (const file of project.documents) for (const line of textLines(file)) yield { line, told: true };
}

const longToken: Rule = {
  id: 'HA207',
  severity: 'medium',
  title: 'A token lives longer than 90 days',
  reason:
    'A token without an end works until somebody remembers it. By default `fly tokens create` gives twenty years.',
  fix: 'Give an end: `fly tokens create deploy -a APP -x 720h`, at most `-x 2160h`, and make a new one before.',
  source: pages.tokens,
  *check(project): Generator<Sighting> {
    yield* longLived(project);
    for (const { line, told } of commands(project)) {
      const expiry = expiryOf(line.text);
      const hours = expiry === undefined ? undefined : hoursOf(expiry);
      if (expiry !== undefined && (hours === undefined || hours <= LONG_HOURS)) continue;
      yield {
        place: line.file.place(line.start + line.text.search(CREATE), line.end),
        detail:
          expiry === undefined
            ? 'a token is made without an end, which means twenty years'
            : `a token is made for ${Math.round((hours ?? 0) / 24)} days`,
        severity: expiry === undefined && told ? 'low' : 'medium',
      };
    }
  },
};

const printedToken: Rule = {
  id: 'HA501',
  severity: 'medium',
  title: 'A script works with the token of a person',
  reason: '`fly auth token` prints what that person may do everywhere, into logs and the history of shells.',
  fix: 'Read `FLY_API_TOKEN` from the environment, with a token of one app: `fly tokens create deploy -a APP -x 720h`.',
  source: pages.tokens,
  *check(project) {
    for (const file of [...project.scripts, ...project.packages])
      for (const line of scriptLines(file)) {
        if (!/\b(?:fly|flyctl)\s+auth\s+token\b/.test(line.text)) continue;
        yield {
          place: file.place(line.start, line.end),
          detail: 'the script asks for the token of whoever is signed in',
        };
      }
  },
};

export const TOKEN_COMMAND_RULES: readonly Rule[] = [longToken, printedToken];
