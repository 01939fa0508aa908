import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';

/** A file, or a piece of one, as git keeps it. */
export interface GitObject {
  /** Undefined for a difference, which does not say whose it is. */
  readonly id: string | undefined;
  readonly bytes: Buffer;
}

const MAX_PACK_BYTES = 512 * 1024 * 1024;
/** A file above it is data; and a bound on what a hostile one unfolds to. */
const MAX_OBJECT_BYTES = 5 * 1024 * 1024;
const MAX_TOTAL_BYTES = 1024 * 1024 * 1024;
const BLOB = 3;
const OFFSET_DELTA = 6;
const REFERENCE_DELTA = 7;
const ID_BYTES = 20;

/**
 * What the object store of git holds, deleted versions too. git is not run. A difference between two versions is given as it is: it
 * has every text that was new in it.
 *
 * @param refused is told of each pack or object that cannot be read
 */
export function* gitObjects(gitFolder: string, refused: (reason: string) => void): Generator<GitObject> {
  const budget = { left: MAX_TOTAL_BYTES };
  const folder = join(gitFolder, 'objects');
  for (const name of namesIn(folder)) {
    if (/^[0-9a-f]{2}$/.test(name))
      for (const rest of namesIn(join(folder, name)))
        yield* looseObject(join(folder, name, rest), name + rest, budget, refused);
  }
  for (const name of namesIn(join(folder, 'pack')))
    if (name.endsWith('.pack')) yield* packed(join(folder, 'pack', name), budget, refused);
  if (budget.left <= 0) refused('more than 1 GiB of history; the rest was not looked at');
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

function regular(file: string): Buffer | undefined {
  const stat = lstatSync(file);
  return stat.isFile() && stat.size <= MAX_PACK_BYTES ? readFileSync(file) : undefined;
}

function* looseObject(
  file: string,
  id: string,
  budget: { left: number },
  refused: (reason: string) => void,
): Generator<GitObject> {
  if (budget.left <= 0) return;
  try {
    const bytes = inflateSync(regular(file) ?? Buffer.alloc(0), { maxOutputLength: MAX_OBJECT_BYTES });
    budget.left -= bytes.length;
    if (bytes.toString('latin1', 0, 5) === 'blob ') yield { id, bytes: bytes.subarray(bytes.indexOf(0) + 1) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE')
      refused(`the object ${id.slice(0, 12)} cannot be read`);
  }
}

function* packed(
  file: string,
  budget: { left: number },
  refused: (reason: string) => void,
): Generator<GitObject> {
  const bytes = regular(file);
  if (bytes === undefined || bytes.length < 32 || bytes.toString('latin1', 0, 4) !== 'PACK') {
    refused('a pack cannot be read');
    return;
  }
  let at = 12;
  for (let count = bytes.readUInt32BE(8); count > 0 && budget.left > 0; count -= 1) {
    const head = headAt(bytes, at);
    if (head === undefined) return refused('a pack ends too early');
    try {
      const { buffer, engine } = inflateSync(bytes.subarray(head.at), {
        info: true,
        maxOutputLength: head.size + 1,
      }) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      at = head.at + engine.bytesWritten;
      budget.left -= buffer.length;
      if (head.size > MAX_OBJECT_BYTES) continue;
      if (head.type === BLOB) yield { id: idOf(buffer), bytes: buffer };
      else if (head.type === OFFSET_DELTA || head.type === REFERENCE_DELTA)
        yield { id: undefined, bytes: buffer };
    } catch {
      return refused('an object of a pack cannot be read, and those behind it');
    }
  }
}

/** Kind and size of an object, and where its compressed bytes begin. */
function headAt(bytes: Buffer, from: number): { type: number; size: number; at: number } | undefined {
  let at = from;
  let byte = bytes[at];
  if (byte === undefined) return undefined;
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  let factor = 16;
  while ((byte & 128) !== 0) {
    at += 1;
    byte = bytes[at];
    if (byte === undefined || factor > 2 ** 40) return undefined;
    size += (byte & 127) * factor;
    factor *= 128;
  }
  at += 1;
  if (type === OFFSET_DELTA) {
    while (((bytes[at] ?? 0) & 128) !== 0) at += 1;
    at += 1;
  } else if (type === REFERENCE_DELTA) at += ID_BYTES;
  return size > MAX_TOTAL_BYTES ? undefined : { type, size, at };
}

function idOf(blob: Buffer): string {
  return createHash('sha1').update(`blob ${blob.length}\0`).update(blob).digest('hex');
}
