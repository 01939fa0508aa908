import type { SourceFile } from '../tree/source-file.ts';
import { Unreadable } from './config-node.ts';

/** One instruction, its lines joined. */
export interface Instruction {
  /** In capitals. Of `ONBUILD X` it is X. */
  readonly name: string;
  /** What follows, without the marks at the end of lines and without comments between them. */
  readonly rest: string;
  /** Lines of here-documents below it. */
  readonly heredoc: string;
  /** From 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

const MAX_DOCKERFILE_LENGTH = 524_288;
const HEREDOC = /<<-?\s{0,4}(["']?)([A-Za-z_][A-Za-z0-9_]{0,63})\1/g;
const ESCAPE = /^\s*#\s*escape\s*=\s*([\\`])\s*$/i;

/**
 * The instructions of a Dockerfile: joined lines, comments between them, here-documents, another escape character, `ONBUILD`.
 *
 * @throws Unreadable for one that is too long
 */
export function readDockerfile(file: SourceFile): readonly Instruction[] {
  if (file.text.length > MAX_DOCKERFILE_LENGTH)
    throw new Unreadable(`longer than ${MAX_DOCKERFILE_LENGTH / 1024} KiB`);
  const escape = escapeOf(file);
  const found: Instruction[] = [];
  let line = 1;
  while (line <= file.lineCount) {
    const first = line;
    const parts: string[] = [];
    for (; line <= file.lineCount; line += 1) {
      const text = file.line(line);
      if (/^\s*(?:#|$)/.test(text)) {
        // Between the lines of an instruction comments and blanks are nothing; before it they are nothing either.
        if (parts.length === 0) break;
        continue;
      }
      const trimmed = text.trimEnd();
      if (!trimmed.endsWith(escape)) {
        parts.push(trimmed);
        break;
      }
      parts.push(trimmed.slice(0, -1));
    }
    line += 1;
    if (parts.length === 0) continue;
    const body = /^\s*([A-Za-z]+)(?:\s+([^]*))?$/.exec(parts.join(' '));
    const instruction = /^onbuild$/i.test(body?.[1] ?? '')
      ? /^([A-Za-z]+)(?:\s+([^]*))?$/.exec(body?.[2] ?? '')
      : body;
    const rest = (instruction?.[2] ?? '').trim();
    const name = (instruction?.[1] ?? '').toUpperCase();
    const here = ['RUN', 'COPY', 'ADD'].includes(name) ? heredocOf(file, line, rest) : { text: '', line };
    line = here.line;
    const last = Math.min(line - 1, file.lineCount);
    found.push({
      name,
      rest,
      heredoc: here.text,
      line: first,
      start: file.startOf(first),
      end: file.startOf(last) + file.line(last).length,
    });
  }
  return found;
}

/** Only a directive at the top, before anything else, changes the mark that joins lines. */
function escapeOf(file: SourceFile): string {
  for (let line = 1; line <= file.lineCount; line += 1) {
    const text = file.line(line);
    if (!/^\s*#\s*[A-Za-z]+\s*=/.test(text)) return '\\';
    const match = ESCAPE.exec(text);
    if (match !== null) return match[1] ?? '\\';
  }
  return '\\';
}

function heredocOf(file: SourceFile, from: number, rest: string): { text: string; line: number } {
  const lines: string[] = [];
  let line = from;
  for (const [, , word] of rest.matchAll(HEREDOC)) {
    for (; line <= file.lineCount; line += 1) {
      const text = file.line(line);
      if (text.trim() === word) {
        line += 1;
        break;
      }
      lines.push(text);
    }
  }
  return { text: lines.join('\n'), line };
}
