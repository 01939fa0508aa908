import { readFileSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { isObject } from '../json.ts';
import type { Bodies } from '../bodies.ts';
import { StateDamaged } from './damage.ts';
import { decode, encode } from './encode.ts';
import { worldOfFirstFormat } from './first-format.ts';
import { Table } from '../table.ts';
import { bareWorld, type World } from '../world.ts';

const FORMAT = 'hangar-simulator-2';

/** A whole world at one moment. Journals of that generation and of later ones hold what came after. */
export interface Snapshot {
  readonly world: World;
  readonly generation: number;
  readonly bytes: number;
  /** It was not written by us, and is to be written anew: its bodies are apart now. */
  readonly outdated: boolean;
}

/** A world as the text of a snapshot. */
export function snapshotText(world: World, generation: number): string {
  return encode({ format: FORMAT, generation, world });
}

/** Puts a snapshot in the place of the last one: written beside it, brought to the disk, renamed. */
export async function writeSnapshot(path: string, text: string): Promise<void> {
  const beside = besideOf(path);
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}

/** Where a snapshot is before it is whole. What is found there at a start was never finished. */
export function besideOf(path: string): string {
  return `${path}.new`;
}

/**
 * Reads the snapshot, or a bare world when there is none yet. One file with everything in it, as simulators before the journal wrote
 * it, is read as well; its objects move to the bodies. Throws StateDamaged for anything else.
 */
export function readSnapshot(path: string, bodies: Bodies): Snapshot {
  if (!statSync(path, { throwIfNoEntry: false }))
    return { world: bareWorld(), generation: 0, bytes: 0, outdated: false };
  const text = readFileSync(path, 'utf8');
  let value: unknown;
  try {
    value = decode(text);
  } catch (error) {
    throw new StateDamaged(path, 'is not JSON', error);
  }
  if (!isObject(value)) throw new StateDamaged(path, 'does not hold a simulated world');
  const { generation, world } = value;
  if (value['format'] === FORMAT && Number.isInteger(generation) && isObject(world)) {
    const tables = Object.entries(world).filter(([, table]) => table instanceof Table);
    return {
      world: { ...bareWorld(), ...Object.fromEntries(tables) },
      generation: Number(generation),
      bytes: text.length,
      outdated: false,
    };
  }
  const first = worldOfFirstFormat(value, bodies);
  if (!first) throw new StateDamaged(path, 'does not hold a simulated world');
  return { world: first, generation: 0, bytes: text.length, outdated: true };
}
