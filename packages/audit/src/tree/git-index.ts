import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** What git has below the audited folder; a reason where there is an index that cannot be read. */
export type Tracked =
  | { readonly tag: 'none' }
  | { readonly tag: 'damaged' }
  | { readonly tag: 'read'; readonly paths: ReadonlySet<string>; readonly gitFolder: string };

const MAX_INDEX_BYTES = 256 * 1024 * 1024;
/** Names of version 4 are told by what differs, so that a small index may unfold to any size. A million files fit. */
const MAX_NAMES_BYTES = 64 * 1024 * 1024;
const MAX_PARENTS = 40;
/** Times, device, inode, mode, owner and size, before the id of the object. */
const ENTRY_HEAD_BYTES = 40;
const EXTENDED = 0x4000;

/** Reads the index of git itself; git is not run, and no hook or setting of the project can be. */
export function readTracked(root: string): Tracked {
  const found = gitFolderOf(resolve(root));
  if (found === undefined) return { tag: 'none' };
  let bytes: Buffer;
  try {
    const index = join(found.git, 'index');
    const stat = lstatSync(index);
    if (!stat.isFile() || stat.size > MAX_INDEX_BYTES) return { tag: 'damaged' };
    bytes = readFileSync(index);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? { tag: 'none' } : { tag: 'damaged' };
  }
  const paths = parseIndex(bytes);
  if (paths === undefined) return { tag: 'damaged' };
  const prefix = relative(found.top, resolve(root)).split(sep).join('/');
  const below =
    prefix === ''
      ? paths
      : paths.filter((path) => path.startsWith(`${prefix}/`)).map((path) => path.slice(prefix.length + 1));
  return { tag: 'read', paths: new Set(below), gitFolder: found.git };
}

function gitFolderOf(from: string): { git: string; top: string } | undefined {
  let folder = from;
  for (let up = 0; up < MAX_PARENTS; up += 1) {
    const git = join(folder, '.git');
    try {
      const stat = lstatSync(git);
      if (stat.isDirectory()) return { git, top: folder };
      if (stat.isFile() && stat.size < 4096) {
        const named = /^gitdir: (.+)$/m.exec(readFileSync(git, 'utf8'))?.[1];
        if (named !== undefined) return { git: resolve(folder, named.trim()), top: folder };
      }
    } catch {
      // No repository here; perhaps further up.
    }
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
}

/** Paths of an index of version 2, 3 or 4, with SHA-1 or SHA-256; undefined for anything else. */
export function parseIndex(bytes: Buffer): readonly string[] | undefined {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'DIRC') return undefined;
  const version = bytes.readUInt32BE(4);
  if (version < 2 || version > 4) return undefined;
  const idBytes = idLengthOf(bytes);
  if (idBytes === undefined) return undefined;
  const paths: string[] = [];
  let at = 12;
  let before: Buffer = Buffer.alloc(0);
  let unfolded = 0;
  const end = bytes.length - idBytes;
  for (let left = bytes.readUInt32BE(8); left > 0; left -= 1) {
    const start = at;
    at += ENTRY_HEAD_BYTES + idBytes;
    if (at + 2 > end) return undefined;
    const flags = bytes.readUInt16BE(at);
    at += 2 + ((flags & EXTENDED) === 0 ? 0 : 2);
    let kept: Buffer = Buffer.alloc(0);
    if (version === 4) {
      const stripped = readOffset(bytes, at, end);
      if (stripped === undefined || stripped.value > before.length) return undefined;
      kept = before.subarray(0, before.length - stripped.value);
      at = stripped.at;
    }
    const zero = bytes.indexOf(0, at);
    if (zero === -1 || zero >= end) return undefined;
    unfolded += kept.length + zero - at;
    if (unfolded > MAX_NAMES_BYTES) return undefined;
    const name = Buffer.concat([kept, bytes.subarray(at, zero)]);
    paths.push(name.toString('utf8'));
    before = name;
    // Versions before 4 fill up with one to eight zero bytes.
    at = version === 4 ? zero + 1 : start + Math.ceil((zero - start + 1) / 8) * 8;
  }
  return paths;
}

/** The index ends in its own digest, whose length says which one git uses. Zeros stand for one that git was told to leave out. */
function idLengthOf(bytes: Buffer): number | undefined {
  for (const [algorithm, length] of [
    ['sha1', 20],
    ['sha256', 32],
  ] as const) {
    if (bytes.length < 12 + length) continue;
    const body = bytes.subarray(0, bytes.length - length);
    if (
      createHash(algorithm)
        .update(body)
        .digest()
        .equals(bytes.subarray(bytes.length - length))
    )
      return length;
  }
  return bytes.length >= 32 && bytes.subarray(bytes.length - 20).every((byte) => byte === 0) ? 20 : undefined;
}

/** The number of version 4: seven bits a byte, one added at each continuation. */
function readOffset(bytes: Buffer, from: number, end: number): { value: number; at: number } | undefined {
  let at = from;
  if (at >= end) return undefined;
  let byte = bytes[at] ?? 0;
  let value = byte & 127;
  while ((byte & 128) !== 0) {
    at += 1;
    if (at >= end || value > 0xff_ff_ff) return undefined;
    byte = bytes[at] ?? 0;
    value = (value + 1) * 128 + (byte & 127);
  }
  return { value, at: at + 1 };
}
