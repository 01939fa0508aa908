import type { SourceFile } from '../tree/source-file.ts';

/** One assignment of a `.env` file. */
export interface EnvLine {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const NAME = /^\s*(?:export\s+)?([A-Za-z_][\w.-]{0,199})\s*=[ \t]*/;
/** A value in quotes may go over so many lines, as a private key does. */
const MAX_QUOTED_LINES = 200;

/** Assignments of a `.env` file: `export`, comments, quotes, values over several lines. */
export function readEnvFile(file: SourceFile): readonly EnvLine[] {
  const found: EnvLine[] = [];
  for (let line = 1; line <= file.lineCount; line += 1) {
    const text = file.line(line);
    const match = NAME.exec(text);
    if (match === null) continue;
    const first = line;
    let value = text.slice(match[0].length);
    const quote = value[0];
    if (quote === '"' || quote === "'" || quote === '`') {
      let body = value.slice(1);
      while (!closes(body, quote) && line < file.lineCount && line - first < MAX_QUOTED_LINES) {
        line += 1;
        body += `\n${file.line(line)}`;
      }
      const end = endOf(body, quote);
      value = end === -1 ? body : body.slice(0, end);
    } else value = value.replace(/(?:^|\s)#.*$/, '').trim();
    const start = file.startOf(first) + match[0].search(/[A-Za-z_]/);
    found.push({ name: match[1] ?? '', value, start, end: file.startOf(line) + file.line(line).length });
  }
  return found;
}

function closes(body: string, quote: string): boolean {
  return endOf(body, quote) !== -1;
}

function endOf(body: string, quote: string): number {
  for (let at = body.indexOf(quote); at !== -1; at = body.indexOf(quote, at + 1)) {
    if (quote === "'" || body[at - 1] !== '\\') return at;
  }
  return -1;
}
