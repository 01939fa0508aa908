import { isObject } from '../json.ts';
import { Table } from '../table.ts';

/**
 * Writes anything of a world as JSON. Tables, maps, sets and bytes keep their kind; an object of a customer that looks like one of
 * ours is wrapped.
 */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) => {
    if (item instanceof Table) return { $table: [...item.entries()] };
    if (item instanceof Map) return { $map: [...item.entries()] };
    if (item instanceof Set) return { $set: [...item.values()] };
    if (item instanceof Uint8Array) return { $bytes: Buffer.from(item).toString('base64') };
    if (isObject(item) && Object.keys(item).some((name) => name.startsWith('$')))
      return { $plain: Object.entries(item) };
    return item;
  });
}

/** Reads what `encode` wrote. Throws SyntaxError for what is no JSON. */
export function decode(text: string): unknown {
  return JSON.parse(text, (_name, item: unknown) => {
    if (!isObject(item)) return item;
    if (Array.isArray(item['$table'])) return tableOf(item['$table'] as [string, unknown][]);
    if (Array.isArray(item['$map'])) return new Map(item['$map'] as [unknown, unknown][]);
    if (Array.isArray(item['$set'])) return new Set(item['$set']);
    if (Array.isArray(item['$plain'])) return Object.fromEntries(item['$plain'] as [string, unknown][]);
    if (typeof item['$bytes'] === 'string') return new Uint8Array(Buffer.from(item['$bytes'], 'base64'));
    return item;
  });
}

function tableOf(entries: readonly (readonly [string, unknown])[]): Table<unknown> {
  const table = new Table<unknown>();
  for (const [key, value] of entries) table.set(key, value);
  return table;
}
