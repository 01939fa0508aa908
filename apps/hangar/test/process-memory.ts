import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** Read at once; two pieces overlap by the longest needle, so nothing hides on a border. */
const PIECE_BYTES = 16 * 1_048_576;

/** Linux shows a process's memory as a file. */
export const canReadMemory = existsSync('/proc/self/mem');

/**
 * Which of the needles stand in the writable memory of a running process: the heap of V8, buffers, WebAssembly
 * memories, stacks. Everything a dump of it would hold, read from outside while it lives.
 */
export function foundInMemory(pid: number, needles: ReadonlyMap<string, Buffer>): string[] {
  const overlap = Math.max(...[...needles.values()].map((needle) => needle.length)) - 1;
  const found = new Set<string>();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const piece = Buffer.alloc(PIECE_BYTES);
  try {
    for (const { start, end } of writableRegions(pid)) {
      for (let at = start; at < end; at += BigInt(PIECE_BYTES - overlap)) {
        const length = Number(end - at < BigInt(PIECE_BYTES) ? end - at : BigInt(PIECE_BYTES));
        const read = readAt(memory, piece, length, at);
        for (const name of needlesIn(piece.subarray(0, read), needles)) found.add(name);
      }
    }
  } finally {
    closeSync(memory);
  }
  return [...found];
}

/** Which of the needles stand in a process's environment. */
export function foundInEnvironment(pid: number, needles: ReadonlyMap<string, Buffer>): string[] {
  return needlesIn(readFileSync(`/proc/${pid}/environ`), needles);
}

/** Which of the needles stand in any file below a folder. */
export function foundInFiles(folder: string, needles: ReadonlyMap<string, Buffer>): string[] {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.flatMap((file) => needlesIn(readFileSync(join(file.parentPath, file.name)), needles));
}

/** The forms in which a key may be somewhere: its bytes, hex, and base64 at each of three offsets. */
export function formsOf(name: string, key: Uint8Array): [string, Buffer][] {
  const base64 = [0, 1, 2].map((offset): [string, Buffer] => {
    const text = Buffer.concat([Buffer.alloc(offset), key])
      .toString('base64')
      .replaceAll('=', '');
    // The characters at both ends depend on the neighbours.
    return [`${name} in base64 at ${offset}`, Buffer.from(text.slice(offset === 0 ? 0 : 4, -2))];
  });
  const hex = Buffer.from(key).toString('hex');
  return [[name, Buffer.from(key)], [`${name} in hex`, Buffer.from(hex)], ...base64];
}

function needlesIn(bytes: Buffer, needles: ReadonlyMap<string, Buffer>): string[] {
  return [...needles].filter(([, needle]) => bytes.includes(needle)).map(([name]) => name);
}

function writableRegions(pid: number): { start: bigint; end: bigint }[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      return start === undefined ? [] : [{ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) }];
    });
}

/** A region may go away between being listed and being read; then there is nothing in it any more. */
function readAt(file: number, into: Buffer, length: number, at: bigint): number {
  try {
    return readSync(file, into, 0, length, at);
  } catch {
    return 0;
  }
}
