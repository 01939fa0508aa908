import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The checksum of an object under the header that carries it. */
export interface Checksum {
  readonly header: string;
  /** Base64. */
  readonly value: string;
}

/** The header of the checksum that an object gets when its writer sent none. */
const USUAL = 'x-amz-checksum-crc32';

const crc32c = crcOf([0x82_f6_3b_78]);
const crc64nvme = crcOf([0xac_4b_c9_b5, 0x9a_6c_93_29]);

const DIGESTS: ReadonlyMap<string, (bytes: Uint8Array) => Buffer> = new Map([
  [USUAL, (bytes) => bigEndian([crc32(bytes)])],
  ['x-amz-checksum-crc32c', crc32c],
  ['x-amz-checksum-crc64nvme', crc64nvme],
  ['x-amz-checksum-sha1', (bytes) => createHash('sha1').update(bytes).digest()],
  ['x-amz-checksum-sha256', (bytes) => createHash('sha256').update(bytes).digest()],
]);

/** The headers that carry a checksum. */
export const CHECKSUM_HEADERS: ReadonlySet<string> = new Set(DIGESTS.keys());

/** The checksum of bytes, of the kind that the header names. */
export function checksumOf(bytes: Uint8Array, header: string = USUAL): Checksum {
  return { header, value: DIGESTS.get(header)?.(bytes).toString('base64') ?? '' };
}

/**
 * A CRC whose bits come in lowest first, begun and ended with all ones. The polynomial is given in words of 32 bits, lowest first:
 * 64 bits in one number are a BigInt, which is slower by far.
 */
function crcOf([low = 0, high = 0]: readonly number[]): (bytes: Uint8Array) => Buffer {
  const wide = high !== 0;
  const lows = new Uint32Array(256);
  const highs = new Uint32Array(256);
  for (let index = 0; index < 256; index++) {
    let [l, h] = [index, 0];
    for (let bit = 0; bit < 8; bit++) {
      const odd = (l & 1) === 1;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (odd) [l, h] = [l ^ low, h ^ high];
    }
    lows[index] = l;
    highs[index] = h;
  }
  return (bytes) => {
    let [l, h] = [-1, wide ? -1 : 0];
    for (const byte of bytes) {
      const index = (l ^ byte) & 0xff;
      l = ((l >>> 8) | (h << 24)) ^ (lows[index] ?? 0);
      h = (h >>> 8) ^ (highs[index] ?? 0);
    }
    return bigEndian(wide ? [~h, ~l] : [~l]);
  };
}

function bigEndian(words: readonly number[]): Buffer {
  const sum = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) sum.writeUInt32BE(word >>> 0, index * 4);
  return sum;
}
