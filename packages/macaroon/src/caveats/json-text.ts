/**
 * JSON as caveats need it: whole numbers of any size stay exact, an object may not name a field twice, and fractions,
 * which no caveat has, are refused. `JSON.parse` rounds ids above 2^53 and keeps the last of two equal fields.
 */
export type JsonNode = null | boolean | string | bigint | readonly JsonNode[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonNode>;

/** Thrown inside and turned into a verdict at the library's edge. */
export class JsonFailure extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'JsonFailure';
    this.offset = offset;
  }
}

/** IfPresent nests 8 deep and each level takes four brackets; more has no meaning here. */
const MAX_DEPTH = 64;
const INTEGER = /-?(?:0|[1-9][0-9]*)/y;
const FRACTION = /[.eE]/;
const SPACE = /[ \t\n\r]*/y;
/** A whole string literal: no raw control characters, only known escapes. */
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
/** Longer numbers than this are no id of anybody, and BigInt takes quadratic time for them. */
const MAX_DIGITS = 400;

/** Parses one JSON text. Throws `JsonFailure`. */
export function parseJsonText(text: string): JsonNode {
  const parser = new Parser(text);
  const node = parser.value(0);
  parser.end();
  return node;
}

class Parser {
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonNode {
    if (depth > MAX_DEPTH) this.#fail('nested too deeply');
    this.#space();
    switch (this.#text[this.#offset]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#integer();
    }
  }

  end(): void {
    this.#space();
    if (this.#offset !== this.#text.length) this.#fail('text after the value');
  }

  #object(depth: number): JsonObject {
    const fields = new Map<string, JsonNode>();
    this.#offset += 1;
    if (this.#take('}')) return fields;
    do {
      this.#space();
      if (this.#text[this.#offset] !== '"') this.#fail('expected a field name');
      const name = this.#string();
      if (fields.has(name)) this.#fail(`field ${JSON.stringify(name)} twice`);
      if (!this.#take(':')) this.#fail('expected a colon');
      fields.set(name, this.value(depth + 1));
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail('expected a comma or a closing brace');
    return fields;
  }

  #array(depth: number): JsonNode[] {
    const items: JsonNode[] = [];
    this.#offset += 1;
    if (this.#take(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) this.#fail('expected a comma or a closing bracket');
    return items;
  }

  #string(): string {
    const literal = this.#match(STRING) ?? this.#fail('bad text');
    return JSON.parse(literal) as string;
  }

  #integer(): bigint {
    const literal = this.#match(INTEGER) ?? this.#fail('expected a value');
    if (FRACTION.test(this.#text[this.#offset] ?? '')) this.#fail('expected a whole number');
    if (literal.length > MAX_DIGITS || literal === '-0') this.#fail('number out of range');
    return BigInt(literal);
  }

  #word<W extends boolean | null>(word: string, value: W): W {
    if (!this.#text.startsWith(word, this.#offset)) this.#fail('expected a value');
    this.#offset += word.length;
    return value;
  }

  #take(character: string): boolean {
    this.#space();
    if (this.#text[this.#offset] !== character) return false;
    this.#offset += 1;
    return true;
  }

  #space(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#offset += found.length;
    return found;
  }

  #fail(message: string): never {
    throw new JsonFailure(message, this.#offset);
  }
}

/** What can be written: nodes, numbers, and plain objects in the order of their fields. */
export type JsonWritable =
  | null
  | boolean
  | string
  | number
  | bigint
  | readonly JsonWritable[]
  | ReadonlyMap<string, JsonWritable>
  | { readonly [field: string]: JsonWritable };

/** Writes JSON without spaces; big integers become bare digits. */
export function writeJsonText(value: JsonWritable): string {
  if (value === null || typeof value !== 'object') {
    return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item: JsonWritable) => writeJsonText(item)).join(',')}]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value as Record<string, JsonWritable>);
  const fields = entries.map(
    ([name, field]) => `${JSON.stringify(name)}:${writeJsonText(field as JsonWritable)}`,
  );
  return `{${fields.join(',')}}`;
}

/** A parsed value in everyday JavaScript: objects without a prototype, whole numbers as numbers where that is exact. */
export function plainJson(node: JsonNode): unknown {
  if (typeof node === 'bigint') return Number.isSafeInteger(Number(node)) ? Number(node) : node;
  if (node === null || typeof node !== 'object') return node;
  if (node instanceof Map) {
    const plain = Object.create(null) as Record<string, unknown>;
    for (const [name, value] of node) plain[name] = plainJson(value);
    return plain;
  }
  return (node as readonly JsonNode[]).map(plainJson);
}
