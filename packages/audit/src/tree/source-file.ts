import type { Place } from '../finding.ts';

/** One text file of the project, with the way from offsets to lines. */
export class SourceFile {
  readonly path: string;
  readonly text: string;
  /** Whether git has it; undefined where there is no git. */
  readonly tracked: boolean | undefined;
  #starts: readonly number[] | undefined;

  constructor(path: string, text: string, tracked?: boolean) {
    this.path = path;
    this.text = text;
    this.tracked = tracked;
  }

  get name(): string {
    return this.path.slice(this.path.lastIndexOf('/') + 1);
  }

  /** The folder, without a slash at its end; empty for the root. */
  get folder(): string {
    return this.path.slice(0, Math.max(0, this.path.lastIndexOf('/')));
  }

  get lineCount(): number {
    return this.#lines().length;
  }

  /** The text of a line, from 1, without its end. */
  line(number: number): string {
    const starts = this.#lines();
    const start = starts[number - 1];
    if (start === undefined) return '';
    return this.text.slice(start, starts[number] ?? this.text.length).replace(/\r?\n$/, '');
  }

  /** Where a line begins, from 1. */
  startOf(number: number): number {
    return this.#lines()[number - 1] ?? this.text.length;
  }

  /** The place of the text from `start` to `end`. */
  place(start: number, end: number = start): Place {
    const from = this.#at(start);
    const to = this.#at(Math.max(start, end));
    return { path: this.path, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
  }

  /** The place of a whole line, from 1. */
  placeOfLine(number: number): Place {
    const text = this.line(number);
    const first = text.length - text.trimStart().length;
    const start = this.startOf(number);
    return this.place(start + (first === text.length ? 0 : first), start + text.length);
  }

  #at(offset: number): { line: number; column: number } {
    const starts = this.#lines();
    const bounded = Math.min(Math.max(0, offset), this.text.length);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= bounded) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: bounded - (starts[low] ?? 0) + 1 };
  }

  #lines(): readonly number[] {
    if (this.#starts !== undefined) return this.#starts;
    const starts = [0];
    for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1))
      starts.push(at + 1);
    this.#starts = starts;
    return starts;
  }
}
