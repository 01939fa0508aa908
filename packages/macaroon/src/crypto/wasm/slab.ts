/** Large enough that a new one is rare, small enough that one token that is kept keeps little else alive. */
const SLAB_BYTES = 8192;

/**
 * Hands out views on one buffer. A typed array of more than 64 bytes otherwise costs an allocation outside the heap, which
 * takes longer than a hash.
 */
export class Slab {
  #bytes = new Uint8Array(SLAB_BYTES);
  #words = new Int32Array(this.#bytes.buffer);
  #used = 0;

  /** A copy of `length` bytes of memory from the address `from`, which is a multiple of 4. */
  copy(memory: Int32Array, from: number, length: number): Uint8Array {
    const padded = (length + 3) & ~3;
    if (padded > SLAB_BYTES) return new Uint8Array(memory.buffer).slice(from, from + length);
    if (this.#used + padded > SLAB_BYTES) {
      this.#bytes = new Uint8Array(SLAB_BYTES);
      this.#words = new Int32Array(this.#bytes.buffer);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += padded;
    const words = this.#words;
    const end = (start + padded) >> 2;
    for (let to = start >> 2, at = from >> 2; to < end; to++, at++) words[to] = memory[at]!;
    return this.#bytes.subarray(start, start + length);
  }
}
