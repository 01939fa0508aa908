/** A value of a configuration file, of whatever form, with the offsets at which it stands. */
export type ConfigNode = TableNode | ListNode | ScalarNode;

interface Span {
  readonly start: number;
  readonly end: number;
}
export interface TableNode extends Span {
  readonly kind: 'table';
  readonly members: readonly Member[];
}
export interface ListNode extends Span {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
}
export interface ScalarNode extends Span {
  readonly kind: 'scalar';
  /** A date is its text. */
  readonly value: string | number | bigint | boolean | null;
}
export interface Member {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly value: ConfigNode;
}

/** Deeper, and more, than any configuration of a person. */
export const MAX_DEPTH = 64;
export const MAX_NODES = 200_000;

/** A file that is not what its name says, or too much of it. The message is for people and repeats nothing of the file. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** A member by its name, whose case does not matter to flyctl. */
export function member(node: ConfigNode | undefined, name: string): Member | undefined {
  if (node?.kind !== 'table') return undefined;
  return (
    node.members.find((one) => one.name === name) ??
    node.members.find((one) => one.name.toLowerCase() === name)
  );
}

/** The value at a path of names. */
export function at(node: ConfigNode | undefined, ...path: readonly string[]): ConfigNode | undefined {
  return path.reduce<ConfigNode | undefined>((current, name) => member(current, name)?.value, node);
}

/** A list as it is; anything else that is there as the only item. */
export function items(node: ConfigNode | undefined): readonly ConfigNode[] {
  if (node === undefined) return [];
  return node.kind === 'list' ? node.items : [node];
}

/** Members of a table, or of all tables in a list. */
export function membersOf(node: ConfigNode | undefined): readonly Member[] {
  return items(node).flatMap((item) => (item.kind === 'table' ? item.members : []));
}

/** A scalar as text; undefined for everything else. */
export function textOf(node: ConfigNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? String(node.value) : undefined;
}

/** A whole number, also one that is written as text. */
export function numberOf(node: ConfigNode | undefined): number | undefined {
  const text = textOf(node);
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

export function isTrue(node: ConfigNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true;
}

export function isFalse(node: ConfigNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === false;
}

/** Every scalar below a node, with the names that lead to it. */
export function* scalars(
  node: ConfigNode,
  path: readonly string[] = [],
): Generator<{ path: readonly string[]; node: ScalarNode }> {
  if (node.kind === 'scalar') yield { path, node };
  else if (node.kind === 'list') for (const item of node.items) yield* scalars(item, path);
  else for (const one of node.members) yield* scalars(one.value, [...path, one.name]);
}
