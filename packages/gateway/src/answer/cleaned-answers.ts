import { Bounded } from '../locate/bounded.ts';

const MOST_ANSWERS = 10_000;
/** Larger ones are cleaned each time: a few of them would push out all others. */
const ANSWER_BYTES = 65_536;
const ALL_BYTES = 67_108_864;

interface Cleaned {
  readonly key: string;
  readonly raw: Buffer;
  readonly clean: Buffer;
}

/**
 * The last answer of upstream to a target of an environment, with what became of it when it was cleaned: the same bytes
 * become the same again, and tell nothing new.
 */
export class CleanedAnswers {
  readonly #answers = new Bounded<string, Cleaned>(MOST_ANSWERS);
  #bytes = 0;

  find(key: string, raw: Buffer): Buffer | undefined {
    const known = this.#answers.get(key);
    return known?.raw.equals(raw) ? known.clean : undefined;
  }

  remember(key: string, raw: Buffer, clean: Buffer): void {
    this.#forget(this.#answers.get(key));
    const size = raw.byteLength + clean.byteLength;
    if (raw.byteLength > ANSWER_BYTES) return;
    while (this.#bytes + size > ALL_BYTES) this.#account(this.#answers.takeOldest());
    this.#bytes += size;
    this.#account(this.#answers.set(key, { key, raw, clean }));
  }

  #forget(known: Cleaned | undefined): void {
    if (known) this.#answers.delete(known.key);
    this.#account(known);
  }

  #account(gone: Cleaned | undefined): void {
    if (gone) this.#bytes -= gone.raw.byteLength + gone.clean.byteLength;
  }
}
