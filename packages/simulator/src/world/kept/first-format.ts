import { isObject, type JsonObject } from '../json.ts';
import { checksumOf } from '../../s3/wire/checksums.ts';
import type { Bodies } from '../bodies.ts';
import { Table } from '../table.ts';
import { bareWorld, setClockOffset, type World } from '../world.ts';

/**
 * The world of a file of version 0.1, which held everything as one JSON object: maps where tables are now, lists of webhooks and
 * events, numbers and keys as members, and the bytes of objects inside. Undefined when it is none.
 */
export function worldOfFirstFormat(file: JsonObject, bodies: Bodies): World | undefined {
  const { rootKey, ticketKey } = file;
  if (!(file['machines'] instanceof Map) || !(rootKey instanceof Uint8Array)) return undefined;
  const world = bareWorld();
  world.secrets.set('root', rootKey);
  if (ticketKey instanceof Uint8Array) world.secrets.set('ticket', ticketKey);
  world.numbers.set('counter', Number(file['counter'] ?? 0));
  setClockOffset(world, Number(file['clockOffsetMs'] ?? 0));
  const tables = world as unknown as Record<string, Table<unknown>>;
  for (const [name, table] of Object.entries(tables)) {
    const entries = file[name];
    if (entries instanceof Map) {
      for (const [key, value] of entries as Map<string, unknown>)
        table.set(key, upgraded(name, value, bodies));
    } else if (Array.isArray(entries)) {
      for (const value of entries.filter(isObject)) table.set(String(value['id']), value);
    }
  }
  return world;
}

function upgraded(table: string, value: unknown, bodies: Bodies): unknown {
  if (!isObject(value)) return value;
  if (table === 'machines') {
    const { events, versions } = value;
    return {
      skipsSecrets: false,
      secrets: {},
      ...value,
      events: tableByMember(events, 'id'),
      versions: tableByMember(versions, 'version'),
    };
  }
  if (table === 'volumes') return { ...value, snapshots: tableByMember(value['snapshots'], 'id') };
  if (table === 'apps') return { ...value, secrets: tableFrom(value['secrets'], (one) => one) };
  if (table !== 'buckets') return value;
  const apart = (one: unknown): JsonObject => {
    const { bytes, crc32, ...rest } = one as JsonObject;
    const data = bytes instanceof Uint8Array ? bytes : new Uint8Array();
    const whole = crc32 !== undefined && !String(rest['etag']).includes('-');
    return {
      ...rest,
      body: bodies.add(data),
      size: data.byteLength,
      ...(whole ? { checksum: checksumOf(data) } : {}),
    };
  };
  return {
    ...value,
    objects: tableFrom(value['objects'], apart),
    uploads: tableFrom(value['uploads'], (upload) => ({
      ...(upload as JsonObject),
      parts: tableFrom((upload as JsonObject)['parts'], apart),
    })),
  };
}

function tableByMember(list: unknown, member: string): Table<unknown> {
  const table = new Table<unknown>();
  for (const one of Array.isArray(list) ? list.filter(isObject) : []) table.set(String(one[member]), one);
  return table;
}

function tableFrom(entries: unknown, change: (value: unknown) => unknown): Table<unknown> {
  const table = new Table<unknown>();
  if (entries instanceof Map) for (const [key, value] of entries) table.set(String(key), change(value));
  return table;
}
