import { type AST, parseTOML } from 'toml-eslint-parser';
import { type ConfigNode, MAX_DEPTH, MAX_NODES, type Member, Unreadable } from './config-node.ts';

/** The parser is not made for hostile texts; no fly.toml of a person comes near. */
const MAX_TOML_LENGTH = 131_072;

/** A table while it is put together; items of a list of tables share one list. */
interface Draft {
  readonly start: number;
  end: number;
  readonly members: Map<string, { start: number; end: number; value: Draft | Draft[] | ConfigNode }>;
}

/**
 * Reads TOML with its positions.
 *
 * @throws Unreadable for a text that is not TOML, or too much of it
 */
export function readToml(text: string): ConfigNode {
  if (text.length > MAX_TOML_LENGTH) throw new Unreadable(`longer than ${MAX_TOML_LENGTH / 1024} KiB`);
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text);
  } catch (error) {
    const line = (error as { lineNumber?: unknown }).lineNumber;
    throw new Unreadable(typeof line === 'number' ? `not TOML, at line ${line}` : 'not TOML');
  }
  const root: Draft = { start: 0, end: text.length, members: new Map() };
  const count = { left: MAX_NODES };
  for (const part of program.body[0].body) {
    if (part.type === 'TOMLKeyValue') assign(root, part, count, 0);
    else {
      const table = tableAt(root, part);
      for (const row of part.body) assign(table, row, count, 0);
    }
  }
  return finished(root, 0);
}

function tableAt(root: Draft, part: AST.TOMLTable): Draft {
  const names = part.key.keys;
  let table = root;
  for (const [index, key] of names.entries()) {
    const last = index === names.length - 1;
    table = inner(table, key, part.range, last && part.kind === 'array');
  }
  return table;
}

/** The table under a key; the newest one where the key names a list of tables. */
function inner(
  table: Draft,
  key: AST.TOMLBare | AST.TOMLQuoted,
  range: readonly [number, number],
  append: boolean,
): Draft {
  const name = nameOf(key);
  const known = table.members.get(name)?.value;
  const fresh: Draft = { start: range[0], end: range[1], members: new Map() };
  if (append) {
    if (Array.isArray(known)) known.push(fresh);
    else if (known === undefined)
      table.members.set(name, { start: key.range[0], end: key.range[1], value: [fresh] });
    else throw new Unreadable('the same name is a table and a list of tables');
    return fresh;
  }
  if (Array.isArray(known)) return known.at(-1) ?? fresh;
  if (known === undefined) {
    table.members.set(name, { start: key.range[0], end: key.range[1], value: fresh });
    return fresh;
  }
  if ('kind' in known) throw new Unreadable('the same name is a value and a table');
  known.end = Math.max(known.end, range[1]);
  return known;
}

function assign(table: Draft, row: AST.TOMLKeyValue, count: { left: number }, depth: number): void {
  const keys = row.key.keys;
  if (keys.length > MAX_DEPTH) throw new Unreadable('nested too deeply');
  let target = table;
  for (const key of keys.slice(0, -1)) target = inner(target, key, row.range, false);
  const last = keys.at(-1);
  if (last === undefined) return;
  target.members.set(nameOf(last), {
    start: last.range[0],
    end: last.range[1],
    value: valueOf(row.value, count, depth),
  });
}

function valueOf(node: AST.TOMLContentNode, count: { left: number }, depth: number): ConfigNode {
  count.left -= 1;
  if (depth > MAX_DEPTH || count.left < 0) throw new Unreadable('nested too deeply, or too many values');
  const [start, end] = node.range;
  if (node.type === 'TOMLArray')
    return { kind: 'list', start, end, items: node.elements.map((item) => valueOf(item, count, depth + 1)) };
  if (node.type === 'TOMLInlineTable') {
    const draft: Draft = { start, end, members: new Map() };
    for (const row of node.body) assign(draft, row, count, depth + 1);
    return finished(draft, depth);
  }
  const value = node.value instanceof Date ? node.value.toString() : node.value;
  return { kind: 'scalar', start, end, value };
}

function finished(draft: Draft, depth: number): ConfigNode {
  if (depth > MAX_DEPTH) throw new Unreadable('nested too deeply');
  const members: Member[] = [];
  for (const [name, { start, end, value }] of draft.members) {
    members.push({ name, start, end, value: settled(value, depth) });
  }
  return { kind: 'table', start: draft.start, end: draft.end, members };
}

function settled(value: Draft | Draft[] | ConfigNode, depth: number): ConfigNode {
  if (Array.isArray(value)) {
    const tables = value.map((one) => finished(one, depth + 1));
    return { kind: 'list', start: tables[0]?.start ?? 0, end: tables.at(-1)?.end ?? 0, items: tables };
  }
  return 'kind' in value ? value : finished(value, depth + 1);
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === 'TOMLBare' ? key.name : key.value;
}
