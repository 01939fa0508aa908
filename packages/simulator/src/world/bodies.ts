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
import { StateDamaged } from './damage.ts';
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
  /** Throws StateDamaged when a file that the world names is not there as it was; removes those that it does not name. */
  matchWith(world: World): void;
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
    matchWith(world) {
      const needed = bodiesOf(world);
      for (const [name, size] of needed) {
        const found = statSync(join(folder, name), { throwIfNoEntry: false });
        if (!found) throw new StateDamaged(join(folder, name), 'is missing');
        if (found.size !== size) {
          throw new StateDamaged(join(folder, name), `has ${found.size} bytes and should have ${size}`);
        }
      }
      for (const name of namesIn(folder)) if (!needed.has(name)) rmSync(join(folder, name), { force: true });
    },
  };
}

/** The bodies that a world names, with their sizes. */
export function bodiesOf(world: World): Map<string, number> {
  const bodies = new Map<string, number>();
  for (const bucket of world.buckets.values()) {
    const parts = [...bucket.uploads.values()].flatMap((upload) => [...upload.parts.values()]);
    for (const one of [...bucket.objects.values(), ...parts]) bodies.set(one.body, one.size);
  }
  return bodies;
}

function namesIn(folder: string): string[] {
  return statSync(folder, { throwIfNoEntry: false }) ? readdirSync(folder) : [];
}
