import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { decode, encode } from './encode.ts';
import { StateDamaged } from './damage.ts';
import type { Place } from '../table.ts';

/** One change as it is written down: where, and what is there now; nothing when it is gone. `anew`: behind its neighbours. */
export type JournalRecord =
  | readonly [place: Place]
  | readonly [place: Place, value: unknown]
  | readonly [place: Place, value: unknown, anew: true];

/** A file to which changes are appended. One line is one commit, so half a commit is never read. */
export interface Journal {
  readonly bytes: number;
  /** When this returns, the line outlives the process (the machine may still lose it: there is no fsync per change). */
  append(records: readonly JournalRecord[]): void;
  close(): void;
}

/** Opens the file for appending behind its first `bytes`; what comes after those is cut off. */
export function openJournal(path: string, bytes: number): Journal {
  const file = openSync(path, 'a', 0o600);
  let written = bytes;
  ftruncateSync(file, written);
  return {
    get bytes() {
      return written;
    },
    append(records) {
      const line = Buffer.from(`${encode(records)}\n`);
      try {
        for (let at = 0; at < line.length;) at += writeSync(file, line, at);
      } catch (error) {
        // A full disk may have taken half of the line; the next one must not be glued to it.
        ftruncateSync(file, written);
        throw error;
      }
      written += line.length;
    },
    close: () => closeSync(file),
  };
}

/**
 * Reads the commits of a journal. What comes after the last line end was being written when the process died, and nobody was told
 * that it had happened: it does not count. Throws StateDamaged for any other line that is none of ours.
 */
export function readJournal(path: string): { commits: JournalRecord[][]; bytes: number } {
  const content = readFileSync(path);
  const bytes = content.lastIndexOf('\n') + 1;
  const lines = content.toString('utf8', 0, bytes).split('\n').slice(0, -1);
  return { commits: lines.map((line, index) => commitOf(path, line, index + 1)), bytes };
}

function commitOf(path: string, line: string, number: number): JournalRecord[] {
  let value: unknown;
  try {
    value = decode(line);
  } catch (error) {
    throw new StateDamaged(path, `is damaged in line ${number}`, error);
  }
  if (!Array.isArray(value) || !value.every(isRecord))
    throw new StateDamaged(path, `is damaged in line ${number}`);
  return value;
}

function isRecord(value: unknown): value is JournalRecord {
  return (
    Array.isArray(value) &&
    Array.isArray(value[0]) &&
    value[0].length >= 2 &&
    value[0].every((name) => typeof name === 'string')
  );
}
