import { foldName } from './fold-name.ts';
import { LEAVES } from './leaves.ts';
import { isSchemaName, SCHEMAS, type Leaf, type Schema, type SchemaName, type Shape } from './schema.ts';
import { nearestName } from './suggest.ts';

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** What is wrong with one member, which is named by its full path. */
export interface Fault {
  readonly path: string;
  readonly fault: string;
}

/** A leaf of the right type, on its way through. */
export interface SeenLeaf {
  readonly path: string;
  readonly schema: SchemaName;
  readonly leaf: Leaf;
  readonly value: unknown;
  /** The object that it stands in. */
  readonly within: Json;
}

/** How a body is read. */
export interface BodyRules {
  /** Names that Fly.io knows and that are not offered. One without content is left out, since clients send those. */
  readonly notOffered?: Readonly<Partial<Record<SchemaName, readonly string[]>>>;
  /** Names that are taken and left out: clients send them, and they say what the path says already. */
  readonly leftOut?: Readonly<Partial<Record<SchemaName, readonly string[]>>>;
  /** Looks at each leaf of the right type, and says what else is wrong with it. */
  readonly look?: (leaf: SeenLeaf) => readonly Fault[];
}

/** What became of a body: only its known members, without those that are null, and everything that is wrong with it. */
export interface ReadBody {
  readonly value: Json;
  readonly faults: readonly Fault[];
}

/** More faults than anybody reads; a body of a megabyte could hold a hundred thousand. */
const MOST_FAULTS = 50;
/** Names are free in maps and in bad bodies: this much of one is shown. */
const SHOWN_NAME = 64;

/**
 * Reads a JSON body against the table: every name must be one of the table's, letter for letter, at every depth, and
 * every leaf of its type. Fly.io itself drops unknown names and compares without case, so what is not written exactly as
 * here would be read there as something that was never checked.
 */
export function readBody(schema: SchemaName, body: unknown, rules: BodyRules = {}): ReadBody {
  const faults: Fault[] = [];
  const full = (): boolean => faults.length >= MOST_FAULTS;
  const say = (path: string, fault: string): undefined => {
    if (!full()) faults.push({ path, fault });
    return undefined;
  };

  function readObject(value: unknown, name: SchemaName, path: string): Json | undefined {
    if (!isJsonObject(value)) return say(path === '' ? 'body' : path, 'must be an object');
    const members: Schema = SCHEMAS[name];
    const kept: [string, unknown][] = [];
    for (const [member, given] of Object.entries(value)) {
      const at = pathTo(path, member);
      const shape = Object.hasOwn(members, member) ? members[member] : undefined;
      if (shape === undefined) {
        if (!full()) say(at, unknownName(member, Object.keys(members)));
      } else if (given === null) {
        // Clients written in Go send what is not set as null; null is absent everywhere.
      } else if (rules.notOffered?.[name]?.includes(member)) {
        if (!isEmpty(given)) say(at, 'not offered here');
      } else if (!rules.leftOut?.[name]?.includes(member)) {
        const read = readShape(given, shape, at, { schema: name, within: value });
        if (read !== undefined) kept.push([member, read]);
      }
    }
    return Object.fromEntries(kept);
  }

  type Place = Pick<SeenLeaf, 'schema' | 'within'>;

  function readShape(value: unknown, shape: Shape, path: string, place: Place): unknown {
    if (shape.startsWith('[')) {
      if (!Array.isArray(value)) return say(path, 'must be a list');
      const item = shape.slice(1, -1) as Shape;
      return value.map((one: unknown, index) => readShape(one, item, `${path}[${index}]`, place));
    }
    if (shape.startsWith('{')) {
      if (!isJsonObject(value)) return say(path, 'must be an object');
      const item = shape.slice(1, -1) as Shape;
      return Object.fromEntries(
        Object.entries(value).map(([name, one]) => [name, readShape(one, item, pathTo(path, name), place)]),
      );
    }
    if (isSchemaName(shape)) return readObject(value, shape, path);
    return readLeaf(value, shape as Leaf, path, place);
  }

  function readLeaf(value: unknown, leaf: Leaf, path: string, place: Place): unknown {
    const { fits, wanted, each } = LEAVES[leaf];
    if (!fits(value)) return say(path, `must be ${wanted}`);
    for (const [name, one] of each && isJsonObject(value) ? Object.entries(value) : []) {
      if (each && !each.fits(one)) say(pathTo(path, name), `must be ${each.wanted}`);
    }
    for (const { path: at, fault } of rules.look?.({ path, leaf, value, ...place }) ?? []) say(at, fault);
    return value;
  }

  return { value: readObject(body, schema, '') ?? {}, faults };
}

/** The path of a member; a name that is long or odd is cut or quoted, so that a path stays one line. */
export function pathTo(path: string, name: string): string {
  const shown = /^[\w-]+$/.test(name) ? name.slice(0, SHOWN_NAME) : JSON.stringify(name.slice(0, SHOWN_NAME));
  return path === '' ? shown : `${path}.${shown}`;
}

function unknownName(name: string, known: readonly string[]): string {
  const folded = foldName(name);
  const same = known.find((candidate) => foldName(candidate) === folded);
  if (same !== undefined) return `must be written ${same}`;
  const near = nearestName(name, known);
  return near === undefined ? 'not known' : `not known; did you mean ${near}?`;
}

/** True for a plain JSON object. */
export function isJsonObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for what a Go client sends for a member that nobody set. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.values(value).every(isEmpty);
}
