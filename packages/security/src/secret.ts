import { inspect } from 'node:util';
import { sameBytes } from './compare.ts';
import { sha256Hex } from './digest.ts';

/**
 * Eight hex characters tell an operator which of two secrets it is, and tell a reader of the log nothing
 * more.
 */
const FINGERPRINT_LENGTH = 8;

/**
 * A text that must not be printed. String conversion, JSON, template literals and `util.inspect` all
 * give `[secret:xxxxxxxx]`, the start of its SHA-256; only {@link Secret.reveal} gives the text.
 */
export class Secret {
  readonly #value: string;

  private constructor(value: string) {
    this.#value = value;
  }

  /** Wraps a text. Wrap at the door where it comes in, so that no plain copy has a name. */
  static of(value: string): Secret {
    return new Secret(value);
  }

  /** The text itself. Every call of this is a place to look at in a review. */
  reveal(): string {
    return this.#value;
  }

  /** The text as UTF-8, for keys of HMAC and ciphers. */
  bytes(): Uint8Array {
    return new TextEncoder().encode(this.#value);
  }

  /** True when nothing was wrapped: an unset secret is never a valid key. */
  get empty(): boolean {
    return this.#value === '';
  }

  /** The first eight hex characters of the SHA-256, for telling secrets apart in logs. */
  get fingerprint(): string {
    return sha256Hex(this.#value).slice(0, FINGERPRINT_LENGTH);
  }

  /** Compares in constant time, over digests. */
  equals(other: string | Secret): boolean {
    const otherBytes = typeof other === 'string' ? new TextEncoder().encode(other) : other.bytes();
    return sameBytes(this.bytes(), otherBytes);
  }

  toString(): string {
    return `[secret:${this.fingerprint}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.toPrimitive](): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
