import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isObject } from '../machines/body.ts';
import { emptyWorld, type World } from './world.ts';

/** Acknowledged changes reach the file within this time. */
const flushDelayMs = 40;

/** Writes a world as JSON. Maps, sets and bytes keep their kind; an object of a customer that looks like one of ours is wrapped. */
export function encodeWorld(world: World): string {
  return JSON.stringify(world, (_key, value: unknown) => {
    if (value instanceof Map) return { $map: [...value.entries()] };
    if (value instanceof Set) return { $set: [...value.values()] };
    if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
    if (isObject(value) && Object.keys(value).some((name) => name.startsWith('$')))
      return { $plain: Object.entries(value) };
    return value;
  });
}

/** Reads what `encodeWorld` wrote. Throws SyntaxError when the text is not a world. */
export function decodeWorld(text: string): World {
  const value: unknown = JSON.parse(text, (_key, item: unknown) => {
    if (!isObject(item)) return item;
    if (Array.isArray(item['$map'])) return new Map(item['$map'] as [unknown, unknown][]);
    if (Array.isArray(item['$set'])) return new Set(item['$set']);
    if (Array.isArray(item['$plain'])) return Object.fromEntries(item['$plain'] as [string, unknown][]);
    if (typeof item['$bytes'] === 'string') return new Uint8Array(Buffer.from(item['$bytes'], 'base64'));
    return item;
  });
  if (!isObject(value) || !(value['machines'] instanceof Map)) {
    throw new SyntaxError('the state file does not hold a simulated world');
  }
  return { ...emptyWorld(), ...(value as Partial<World>) };
}

/** A file that follows a world. */
export interface StateFile {
  /** The world has changed; the file follows soon. */
  touch(): void;
  /** Writes now when something has changed. */
  flush(): void;
  close(): void;
}

/** Loads the world of a state file, or an empty one when there is none yet. */
export function loadWorld(path: string | undefined, operator: string): World {
  return path !== undefined && existsSync(path)
    ? decodeWorld(readFileSync(path, 'utf8'))
    : emptyWorld(operator);
}

/**
 * Keeps `path` equal to the world: written beside it and renamed, so a reader or a crash never sees half a file.
 * The timer here is the only one outside the simulated clock, because a file does not care about simulated time.
 */
export function followWorld(path: string, world: World, onError: (error: unknown) => void): StateFile {
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    const beside = `${path}.${process.pid}.new`;
    writeFileSync(beside, encodeWorld(world), { mode: 0o600 });
    renameSync(beside, path);
  };

  return {
    touch() {
      timer ??= setTimeout(() => {
        try {
          flush();
        } catch (error) {
          onError(error);
        }
      }, flushDelayMs);
    },
    flush,
    close: flush,
  };
}
