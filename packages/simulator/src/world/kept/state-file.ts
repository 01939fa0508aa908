import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isObject } from '../json.ts';
import { bodiesInFolder } from '../bodies.ts';
import { StateDamaged } from './damage.ts';
import { openJournal, readJournal, type JournalRecord } from './journal.ts';
import { besideOf, readSnapshot, snapshotText, writeSnapshot } from './snapshot.ts';
import { Changes, Table, type Change, type Place } from '../table.ts';
import type { State } from '../state.ts';
import { seedWorld, type World } from '../world.ts';

/**
 * A journal is folded into a new snapshot when it is longer than the last one twice over, so a change costs its own length three
 * times at most. Below this length it is not worth a file.
 */
const SHORTEST_FOLDED_BYTES = 256 * 1024;

/**
 * A world that is kept in files: `path` is a snapshot, `path.journal.N` what changed since, `path.bodies` the bytes of objects.
 * A change is appended before anybody is told that it happened. The journal is folded into a new snapshot in the background: a new
 * journal is begun first, then the snapshot takes its place, then the old journal goes; whatever is found of this after a crash says
 * the same. Throws StateDamaged when what is there cannot be read; what has only lost its body goes, and `onError` is told.
 */
export function openState(path: string, operator: string, onError: (error: unknown) => void): State {
  const bodies = bodiesInFolder(`${path}.bodies`);
  const snapshot = readSnapshot(path, bodies);
  const { world } = snapshot;
  let generation = snapshot.generation;
  let bytes = 0;
  for (const [index, one] of journalsOf(path)
    .filter((number) => number >= snapshot.generation)
    .entries()) {
    generation = snapshot.generation + index;
    if (one !== generation) throw new StateDamaged(journalPath(path, generation), 'is missing');
    const read = readJournal(journalPath(path, one));
    for (const commit of read.commits) for (const record of commit) apply(world, record);
    bytes = read.bytes;
  }

  const changes = new Changes();
  for (const [name, table] of tablesOf(world)) table.attach(changes, [name]);
  bodies.matchWith(world, onError);

  rmSync(besideOf(path), { force: true });
  removeJournals(path, snapshot.generation);
  let journal = openJournal(journalPath(path, generation), bytes);
  let snapshotBytes = snapshot.bytes;

  const fold = async (): Promise<void> => {
    const next = generation + 1;
    const text = snapshotText(world, next);
    const following = openJournal(journalPath(path, next), 0);
    journal.close();
    journal = following;
    generation = next;
    await writeSnapshot(path, text);
    snapshotBytes = text.length;
    removeJournals(path, next);
  };
  let folding: Promise<void> | undefined;
  const foldInBackground = (): void => {
    folding ??= fold()
      .catch(onError)
      .finally(() => (folding = undefined));
  };

  const commit = (): void => {
    const list = changes.list();
    if (list.length === 0) return;
    journal.append(list.map((change) => recordOf(world, change)));
    changes.clear();
    bodies.settle();
    if (journal.bytes > Math.max(SHORTEST_FOLDED_BYTES, 2 * snapshotBytes)) foldInBackground();
  };

  const fresh = world.secrets.size === 0;
  if (fresh) seedWorld(world, operator);
  commit();
  if (snapshot.outdated) foldInBackground();

  return {
    world,
    bodies,
    fresh,
    commit,
    async close() {
      commit();
      await folding;
      if (journal.bytes > 0) await fold();
      journal.close();
      rmSync(journalPath(path, generation), { force: true });
    },
  };
}

function recordOf(world: World, { place, anew, whole }: Change): JournalRecord {
  const value = holderOf(world, place)?.get(place.at(-1) ?? '');
  if (value === undefined) return [place];
  if (anew) return [place, value, true];
  return [place, whole ? value : withoutTables(value)];
}

/** A thing without what is told apart from it: a machine that stops does not write down its history again. */
function withoutTables(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => !(member instanceof Table)));
}

/** The tables inside of what was there before, under what is there now. */
function withTables(before: unknown, value: unknown): unknown {
  if (!isObject(before) || !isObject(value)) return value;
  const tables = Object.entries(before).filter(([, member]) => member instanceof Table);
  return { ...Object.fromEntries(tables), ...value };
}

function apply(world: World, [place, value, anew]: JournalRecord): void {
  const holder = holderOf(world, place);
  const key = place.at(-1) ?? '';
  if (value === undefined || anew === true) holder?.delete(key);
  if (value !== undefined) holder?.set(key, withTables(holder.get(key), value));
}

/** The table that a place is in. Undefined when what holds the table is gone, and the place with it. */
function holderOf(world: World, place: Place): Table<unknown> | undefined {
  let holder: unknown = world;
  for (const name of place.slice(0, -1)) {
    if (typeof holder !== 'object' || holder === null) return undefined;
    holder = holder instanceof Table ? holder.get(name) : (holder as Record<string, unknown>)[name];
  }
  return holder instanceof Table ? holder : undefined;
}

function tablesOf(world: World): [string, Table<unknown>][] {
  return Object.entries(world) as [string, Table<unknown>][];
}

function journalPath(path: string, generation: number): string {
  return `${path}.journal.${generation}`;
}

/** A snapshot holds what the journals before its own generation said. */
function removeJournals(path: string, before: number): void {
  for (const old of journalsOf(path)) if (old < before) rmSync(journalPath(path, old));
}

/** The generations of which there is a journal, oldest first. */
function journalsOf(path: string): number[] {
  const start = `${basename(path)}.journal.`;
  return readdirSync(dirname(path) || '.')
    .filter((name) => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)))
    .map((name) => Number(name.slice(start.length)))
    .toSorted((a, b) => a - b);
}
