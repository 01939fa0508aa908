import type { Finding, Place } from '../finding.ts';
import type { SourceFile } from '../tree/source-file.ts';

/** A comment that asks for silence: `# hangar-ignore HA201 reason=… until=2027-01-01`. */
export interface Suppression {
  readonly rule: string | undefined;
  readonly reason: string | undefined;
  /** The last day on which it holds. */
  readonly until: Date | undefined;
  readonly badDate: boolean;
  readonly place: Place;
  /** Lines it holds for: its own, and the next one that says anything when it stands alone. */
  readonly lines: readonly [number, number];
}

const WORD = 'hangar-ignore';
const DAY_MS = 86_400_000;
const MAX_SUPPRESSIONS = 1_000;

/** Suppressions of a file. One inside a string is text, and no comment. */
export function readSuppressions(file: SourceFile): readonly Suppression[] {
  const found: Suppression[] = [];
  for (let at = file.text.indexOf(WORD); at !== -1; at = file.text.indexOf(WORD, at + 1)) {
    if (found.length >= MAX_SUPPRESSIONS) break;
    const { line } = file.place(at);
    const before = file.text.slice(file.startOf(line), at);
    if (!/(?:^|\s)(?:#|\/\/|<!--|--|;)\s*$/.test(before.slice(-200)) || inString(before)) continue;
    found.push(suppressionAt(file, line, before));
  }
  return found;
}

/** An odd number of quotes before a mark means that the mark is in a string. */
function inString(before: string): boolean {
  return ['"', "'", '`'].some((quote) => before.split(quote).length % 2 === 0);
}

function suppressionAt(file: SourceFile, line: number, before: string): Suppression {
  const text = file
    .line(line)
    .slice(before.length + WORD.length)
    .replace(/-->\s*$/, '');
  const rule = /^\s+(HA\d{3})\b/.exec(text)?.[1];
  const reason = /\breason=(?:"([^"]+)"|([^"\s].*?))(?=\s+until=|\s*$)/.exec(text);
  const named = /\buntil=(\S+)/.exec(text)?.[1];
  const day = named === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(named) ? undefined : Date.parse(named);
  const until = day === undefined || Number.isNaN(day) ? undefined : new Date(day + DAY_MS);
  return {
    rule,
    reason: (reason?.[1] ?? reason?.[2])?.trim(),
    until,
    badDate: named !== undefined && until === undefined,
    place: file.placeOfLine(line),
    lines: [line, /^\s*(?:#|\/\/|<!--|--|;)\s*$/.test(before) ? nextWithText(file, line) : line],
  };
}

function nextWithText(file: SourceFile, line: number): number {
  let next = line + 1;
  while (next < file.lineCount && /^\s*(?:#|\/\/|<!--|--|;|$)/.test(file.line(next))) next += 1;
  return next;
}

/** Whether a comment with a reason, still in force, holds for a finding. */
export function suppresses(one: Suppression, finding: Finding, now: Date): boolean {
  if (one.rule !== finding.rule || one.reason === undefined || one.badDate) return false;
  if (one.until !== undefined && one.until <= now) return false;
  const { line, endLine } = finding.place;
  return one.place.path === finding.place.path && one.lines.some((own) => line <= own && own <= endLine);
}
