import type { SourceFile } from '../tree/source-file.ts';
import { at, membersOf, textOf } from './config-node.ts';
import { words } from './dockerfile-stages.ts';
import { runOf, type Workflow } from './workflow.ts';
import { readYaml } from './yaml.ts';

/** A command line somewhere in a project, with the place of its first character. */
export interface CommandLine {
  readonly file: SourceFile;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Lines of a script, a Makefile or a Procfile; lines that a `\` joins are one. Comments are left out. */
export function scriptLines(file: SourceFile): readonly CommandLine[] {
  const found: CommandLine[] = [];
  for (let line = 1; line <= file.lineCount; line += 1) {
    const first = line;
    let text = file.line(line);
    while (text.endsWith('\\') && line < file.lineCount && line - first < 200) {
      line += 1;
      text = `${text.slice(0, -1)} ${file.line(line)}`;
    }
    if (/^\s*#/.test(text) || text.trim() === '') continue;
    found.push({ file, text, start: file.startOf(first), end: file.startOf(line) + file.line(line).length });
  }
  return found;
}

/** The lines of a `run`, found again in the file where they stand there as they are. */
export function runLines(workflow: Workflow): readonly CommandLine[] {
  return workflow.jobs.flatMap((job) => job.steps.flatMap((step) => stepLines(workflow.file, step)));
}

export function stepLines(
  file: SourceFile,
  step: Workflow['jobs'][number]['steps'][number],
): readonly CommandLine[] {
  const node = step.run?.value;
  if (node === undefined) return [];
  let from = node.start;
  return runOf(step)
    .replaceAll(/\\\r?\n\s*/g, ' ')
    .split('\n')
    .filter((text) => text.trim() !== '' && !/^\s*#/.test(text))
    .map((text) => {
      const shown = text.trim().slice(0, 40);
      const place = file.text.indexOf(shown, from);
      if (place === -1 || place > node.end) return { file, text, start: node.start, end: node.start };
      from = place + 1;
      return { file, text, start: place, end: file.startOf(file.place(place).line + 1) - 1 };
    });
}

/** `scripts` of a package.json. */
export function packageScripts(file: SourceFile): readonly (CommandLine & { readonly name: string })[] {
  const scripts = membersOf(at(readYaml(file.text), 'scripts'));
  return scripts.flatMap(({ name, value }) => {
    const text = textOf(value);
    return text === undefined ? [] : [{ file, name, text, start: value.start, end: value.end }];
  });
}

/** Options of a command: `--name value`, `--name=value` and `-n value`, each with what follows. */
export function optionValues(text: string, ...names: readonly string[]): readonly string[] {
  const all = words(text);
  return all.flatMap((word, index) => {
    if (names.includes(word)) return [all[index + 1] ?? ''];
    const name = names.find((one) => one.startsWith('--') && word.startsWith(`${one}=`));
    return name === undefined ? [] : [word.slice(name.length + 1)];
  });
}
