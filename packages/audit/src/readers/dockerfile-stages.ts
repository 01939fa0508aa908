import type { SourceFile } from '../tree/source-file.ts';
import { type Instruction, readDockerfile } from './dockerfile.ts';

/** A Dockerfile by its stages. */
export interface Dockerfile {
  readonly file: SourceFile;
  readonly instructions: readonly Instruction[];
  readonly stages: readonly Stage[];
}

export interface Stage {
  readonly from: Instruction;
  /** The image with the defaults of build arguments put in; a stage's name where it builds on one. */
  readonly image: string;
  readonly name: string | undefined;
  /** The stage it builds on. */
  readonly base: Stage | undefined;
  readonly instructions: readonly Instruction[];
  readonly final: boolean;
}

export function readStages(file: SourceFile): Dockerfile {
  const instructions = readDockerfile(file);
  const defaults = new Map<string, string>();
  const stages: {
    from: Instruction;
    image: string;
    name: string | undefined;
    base: Stage | undefined;
    instructions: Instruction[];
    final: boolean;
  }[] = [];
  for (const instruction of instructions) {
    const current = stages.at(-1);
    if (instruction.name === 'FROM') {
      const { image, name } = fromOf(instruction.rest, defaults);
      const base = stages.find((stage) => stage.name !== undefined && stage.name === image.toLowerCase());
      stages.push({ from: instruction, image, name, base, instructions: [], final: false });
    } else if (current !== undefined) current.instructions.push(instruction);
    else if (instruction.name === 'ARG') {
      for (const { name, value } of assignments(instruction.rest)) {
        if (value !== undefined) defaults.set(name, filled(value, defaults));
      }
    }
  }
  const last = stages.at(-1);
  if (last !== undefined) last.final = true;
  return { file, instructions, stages };
}

function fromOf(
  rest: string,
  defaults: ReadonlyMap<string, string>,
): { image: string; name: string | undefined } {
  const words = rest.split(/\s+/).filter((word) => word !== '' && !word.startsWith('--'));
  const image = filled(unquoted(words[0] ?? ''), defaults);
  const name = words[1]?.toLowerCase() === 'as' ? words[2]?.toLowerCase() : undefined;
  return { image, name };
}

/** A text with `$NAME`, `${NAME}` and `${NAME:-other}` filled in as far as they are known. */
export function filled(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\$(?:([A-Za-z_][A-Za-z0-9_]{0,99})|\{([A-Za-z_][A-Za-z0-9_]{0,99})(?::?-([^}]{0,500}))?\})/g,
    (whole, plain: string | undefined, braced: string | undefined, other: string | undefined) =>
      values.get(plain ?? braced ?? '') ?? other ?? whole,
  );
}

export function unquoted(text: string): string {
  return /^(["']).*\1$/s.test(text) && text.length >= 2 ? text.slice(1, -1) : text;
}

/** `NAME=value` pairs of ENV, ARG and LABEL; of ENV the older `NAME value` too, blanks around its `=` included. */
export function assignments(
  rest: string,
  older = false,
): readonly { name: string; value: string | undefined }[] {
  const name = /^[A-Za-z_][\w.-]*/.exec(rest)?.[0] ?? '';
  const after = rest.slice(name.length);
  if (older && name !== '' && /^\s/.test(after))
    return [{ name, value: unquoted(after.trim().replace(/^=\s*/, '')) }];
  return words(rest).map((word) => {
    const place = word.indexOf('=');
    return place === -1
      ? { name: word, value: undefined }
      : { name: word.slice(0, place), value: unquoted(word.slice(place + 1)) };
  });
}

/** Words of a line, with quotes kept together. */
export function words(text: string): readonly string[] {
  const found: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '\\' && quote !== "'" && at + 1 < text.length) {
      word += character + (text[at + 1] ?? '');
      at += 1;
    } else if (quote !== '') {
      word += character;
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") {
      quote = character;
      word += character;
    } else if (/\s/.test(character)) {
      if (word !== '') found.push(word);
      word = '';
    } else word += character;
  }
  if (word !== '') found.push(word);
  return found;
}
