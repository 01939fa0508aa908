import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type Scalar } from 'yaml';
import {
  type ConfigNode,
  MAX_DEPTH,
  MAX_NODES,
  type Member,
  type ScalarNode,
  Unreadable,
} from './config-node.ts';

/** Ten thousand steps of a workflow fit; a megabyte would take the parser seconds. */
const MAX_YAML_LENGTH = 524_288;

interface Reading {
  readonly anchors: Map<string, Node>;
  readonly open: Set<Node>;
  left: number;
}

/**
 * Reads YAML, and JSON with it, with positions. Aliases are followed within a bound; tags build nothing.
 *
 * @throws Unreadable for a text that is not YAML, or expands to too much
 */
export function readYaml(text: string): ConfigNode | undefined {
  if (text.length > MAX_YAML_LENGTH) throw new Unreadable(`longer than ${MAX_YAML_LENGTH / 1024} KiB`);
  // Whether a key stands twice is asked below, in the walk that is made in any case.
  const document = parseOrRefuse(text);
  const first = document.errors[0];
  if (first !== undefined) throw new Unreadable(`not YAML, at line ${first.linePos?.[0].line ?? 1}`);
  if (document.contents === null) return undefined;
  return convert(document.contents, 0, { anchors: new Map(), open: new Set(), left: MAX_NODES });
}

function parseOrRefuse(text: string) {
  try {
    return parseDocument(text, { uniqueKeys: false, merge: false, logLevel: 'silent', stringKeys: false });
  } catch {
    throw new Unreadable('not YAML, or nested too deeply');
  }
}

function convert(node: Node | null, depth: number, reading: Reading): ConfigNode {
  if (node === null) return { kind: 'scalar', start: 0, end: 0, value: null };
  reading.left -= 1;
  if (depth > MAX_DEPTH) throw new Unreadable('nested too deeply');
  if (reading.left < 0) throw new Unreadable('expands to too many values');
  const [start, end] = node.range ?? [0, 0];
  if (isAlias(node)) {
    const target = reading.anchors.get(node.source);
    if (target === undefined || reading.open.has(target)) throw new Unreadable('an alias that leads nowhere');
    return { ...convert(target, depth + 1, reading), start, end };
  }
  const anchor = (node as { anchor?: string }).anchor;
  if (anchor !== undefined) reading.anchors.set(anchor, node);
  if (isScalar(node)) return scalar(node, start, end);
  reading.open.add(node);
  try {
    if (isSeq(node)) {
      const list = node.items.map((item) => convert(item as Node | null, depth + 1, reading));
      return { kind: 'list', start, end, items: list };
    }
    if (isMap(node)) return { kind: 'table', start, end, members: membersOfMap(node, depth, reading) };
  } finally {
    reading.open.delete(node);
  }
  throw new Unreadable('a value of no known kind');
}

function membersOfMap(
  map: { items: readonly { key: unknown; value: unknown }[] },
  depth: number,
  reading: Reading,
): Member[] {
  const members = new Map<string, Member>();
  const merged: Member[] = [];
  for (const pair of map.items) {
    const key = pair.key as Node | null;
    const name = isScalar(key) ? String(key.value) : '';
    const [start, end] = key?.range ?? [0, 0];
    const value: ConfigNode =
      pair.value === null || pair.value === undefined
        ? { kind: 'scalar', start, end, value: null }
        : convert(pair.value as Node, depth + 1, reading);
    if (name === '<<') {
      for (const one of value.kind === 'list' ? value.items : [value])
        if (one.kind === 'table') for (const inherited of one.members) merged.push(inherited);
      continue;
    }
    if (members.has(name)) throw new Unreadable('the same key stands twice');
    members.set(name, { name, start, end, value });
  }
  for (const one of merged) if (!members.has(one.name)) members.set(one.name, one);
  return [...members.values()];
}

function scalar(node: Scalar, start: number, end: number): ScalarNode {
  const { value } = node;
  const plain =
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint'
      ? value
      : null;
  return { kind: 'scalar', start, end, value: plain };
}
