interface Entry<Key, Value> {
  readonly key: Key;
  readonly value: Value;
  used: boolean;
}

/** A map with a bound. What was used since it was last looked at stays, and is then looked at last. */
export class Bounded<Key, Value> {
  readonly #most: number;
  readonly #entries = new Map<Key, Entry<Key, Value>>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.used = true;
    return entry.value;
  }

  /** Says what had to go for it. */
  set(key: Key, value: Value): Value | undefined {
    this.#entries.delete(key);
    const gone = this.#entries.size >= this.#most ? this.takeOldest() : undefined;
    this.#entries.set(key, { key, value, used: false });
    return gone;
  }

  /** Takes out what is needed least: the oldest that was not used. */
  takeOldest(): Value | undefined {
    for (const entry of this.#entries.values()) {
      this.#entries.delete(entry.key);
      if (!entry.used) return entry.value;
      entry.used = false;
      this.#entries.set(entry.key, entry);
    }
    return undefined;
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}
