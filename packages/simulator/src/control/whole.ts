import { createHash } from 'node:crypto';
import { isObject } from '../world/json.ts';
import type { Bodies } from '../world/bodies.ts';
import { bodiesOf } from '../world/bodies.ts';
import { decode, encode } from '../world/kept/encode.ts';
import type { Bucket } from '../world/storage.ts';
import { Table } from '../world/table.ts';
import { bareWorld, type World } from '../world/world.ts';

const FORMAT = 'hangar-world-1';

/** A text that is no world, or that somebody has written into. */
export class NoWorld extends Error {
  override readonly name = 'NoWorld';
}

/** A whole world in one text, the bytes of its objects inside: everything that it remembers, secrets too. */
export function wholeText(world: World, bodies: Bodies): string {
  const kept = new Map([...bodiesOf(world)].map(({ body }) => [body, new Uint8Array(bodies.read(body))]));
  const content = encode({ world, bodies: kept });
  return JSON.stringify({ format: FORMAT, digest: digestOf(content), content });
}

/**
 * Reads a world that `wholeText` wrote. Only an untouched one is taken: its tables are plain data that nothing checks any more. Throws
 * NoWorld for anything else.
 */
export function readWhole(text: string): { world: World; bodies: ReadonlyMap<string, Uint8Array> } {
  const { format, digest, content } = objectOf(parsed(text));
  if (format !== FORMAT || typeof content !== 'string')
    throw new NoWorld(`this is no world of a simulator (${FORMAT})`);
  if (digest !== digestOf(content)) throw new NoWorld('this world was changed after it was written down');
  const { world, bodies } = objectOf(decode(content));
  const known = Object.keys(bareWorld());
  const tables = Object.entries(isObject(world) ? world : {});
  if (tables.some(([name, table]) => !known.includes(name) || !(table instanceof Table)))
    throw new NoWorld('this world has parts that this simulator does not know');
  return {
    world: { ...bareWorld(), ...Object.fromEntries(tables) },
    bodies: bodies instanceof Map ? (bodies as Map<string, Uint8Array>) : new Map<string, Uint8Array>(),
  };
}

/** Puts one world in the place of another: whoever holds it sees the new one. `bytes` are those of its objects, by their name in it. */
export function replaceWorld(
  world: World,
  bodies: Bodies,
  by: { readonly world: World; readonly bodies: ReadonlyMap<string, Uint8Array> },
): void {
  // Copies first: what is there goes only when everything that takes its place is kept.
  const buckets = [...by.world.buckets].map(
    ([name, bucket]) => [name, withBodies(bucket, bodies, by.bodies)] as const,
  );
  for (const { body } of bodiesOf(world)) bodies.drop(body);
  for (const [name, table] of Object.entries(world) as [keyof World, Table<unknown>][]) {
    const entries: Iterable<readonly [string, unknown]> = name === 'buckets' ? buckets : by.world[name];
    table.clear();
    for (const [key, value] of entries) table.set(key, value);
  }
}

function withBodies(bucket: Bucket, bodies: Bodies, bytes: ReadonlyMap<string, Uint8Array>): Bucket {
  const kept = <T extends { readonly body: string }>(table: Table<T>): Table<T> => {
    const copy = new Table<T>();
    for (const [key, one] of table)
      copy.set(key, { ...one, body: bodies.add(bytes.get(one.body) ?? new Uint8Array()) });
    return copy;
  };
  const uploads: Bucket['uploads'] = new Table();
  for (const [id, upload] of bucket.uploads) uploads.set(id, { ...upload, parts: kept(upload.parts) });
  return { ...bucket, objects: kept(bucket.objects), uploads };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NoWorld('this is not JSON');
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
