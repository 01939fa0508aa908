import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { randomHex } from '../ids.ts';
import type { World } from './world.ts';

/** Where the bytes of objects and of parts are. The rest of a world is small and plain; these are neither. */
export interface Bodies {
  /** Keeps bytes, and says under which name. */
  add(bytes: Uint8Array): string;
  /** The bytes from `from` up to, not including, `to`. */
  read(name: string, from?: number, to?: number): Uint8Array;
  /** Nobody needs these any more. */
  drop(name: string): void;
}

/** Bodies that live as long as the simulator. */
export function bodiesInMemory(): Bodies {
  const kept = new Map<string, Uint8Array>();
  return {
    add(bytes) {
      const name = randomHex(16);
      kept.set(name, bytes);
      return name;
    },
    read: (name, from, to) => kept.get(name)?.subarray(from, to) ?? new Uint8Array(),
    drop: (name) => void kept.delete(name),
  };
}

/** Bodies in a folder, one file each. */
export interface StoredBodies extends Bodies {
  /** Removes the files of what was dropped: only when it is written down that nobody needs them. */
  settle(): void;
  /**
   * Takes out of the world what has lost its file, and removes the files that the world does not name. A file that is missing or has
   * another length is what a power cut may leave; `onLoss` gets a sentence about each.
   */
  matchWith(world: World, onLoss: (sentence: string) => void): void;
}

/** Bodies in that folder, which is made when it is needed. */
export function bodiesInFolder(folder: string): StoredBodies {
  const dropped: string[] = [];
  return {
    add(bytes) {
      const name = randomHex(16);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, name), bytes, { flag: 'wx', mode: 0o600 });
      return name;
    },
    read(name, from = 0, to) {
      const path = join(folder, name);
      if (from === 0 && to === undefined) return readFileSync(path);
      const file = openSync(path, 'r');
      try {
        const bytes = Buffer.alloc((to ?? statSync(path).size) - from);
        let length = 0;
        for (let read = -1; read !== 0 && length < bytes.length; length += read) {
          read = readSync(file, bytes, length, bytes.length - length, from + length);
        }
        return bytes.subarray(0, length);
      } finally {
        closeSync(file);
      }
    },
    drop: (name) => void dropped.push(name),
    settle() {
      for (const name of dropped.splice(0)) rmSync(join(folder, name), { force: true });
    },
    matchWith(world, onLoss) {
      const needed = new Set<string>();
      for (const { body, size, owner, forget } of bodiesOf(world)) {
        const path = join(folder, body);
        const found = statSync(path, { throwIfNoEntry: false });
        if (found?.size === size) {
          needed.add(body);
          continue;
        }
        const loss = found ? `has ${found.size} bytes and should have ${size}` : 'is missing';
        onLoss(`${path} ${loss}: ${owner} is dropped`);
        forget();
      }
      for (const name of namesIn(folder)) if (!needed.has(name)) rmSync(join(folder, name), { force: true });
    },
  };
}

/** A body that a world names. */
interface NamedBody {
  readonly body: string;
  readonly size: number;
  /** What it belongs to, in words. */
  readonly owner: string;
  /** Takes its owner out of the world. */
  readonly forget: () => void;
}

/** The bodies that a world names. */
export function* bodiesOf(world: World): Generator<NamedBody> {
  for (const { name, objects, uploads } of world.buckets.values()) {
    for (const [key, { body, size }] of objects) {
      const owner = `object ${JSON.stringify(key)} of bucket ${name}`;
      yield { body, size, owner, forget: () => void objects.delete(key) };
    }
    for (const { key, parts } of uploads.values()) {
      for (const [number, { body, size }] of parts) {
        const owner = `part ${number} of an upload of ${JSON.stringify(key)} to bucket ${name}`;
        yield { body, size, owner, forget: () => void parts.delete(number) };
      }
    }
  }
}

function namesIn(folder: string): string[] {
  return statSync(folder, { throwIfNoEntry: false }) ? readdirSync(folder) : [];
}
