/** Where something is in a world: `['buckets', 'b', 'objects', 'k']`. */
export type Place = readonly string[];

/** One thing that is not any more what was last written down. */
export interface Change {
  readonly place: Place;
  /** It was taken away in between, so it has a new place in the order of its table. */
  readonly anew: boolean;
  /** It is another thing than before, tables inside included; otherwise those tell their own changes. */
  readonly whole: boolean;
}

/** What has changed since somebody last asked. The value is read when it is written: only the newest one matters. */
export class Changes {
  readonly #pending = new Map<string, Change>();

  /** `added`: it was not in its table, so what was taken away under its name does not keep the place. */
  changed(place: Place, whole: boolean, added = false): void {
    const name = JSON.stringify(place);
    const before = this.#pending.get(name);
    if (added) this.#pending.delete(name);
    this.#pending.set(name, {
      place,
      anew: before?.anew ?? false,
      whole: whole || (before?.whole ?? false),
    });
  }

  removed(place: Place): void {
    const name = JSON.stringify(place);
    this.#pending.delete(name);
    this.#pending.set(name, { place, anew: true, whole: true });
  }

  list(): Change[] {
    return [...this.#pending.values()];
  }

  /** Everything listed is written down. */
  clear(): void {
    this.#pending.clear();
  }
}

/**
 * A map that says which of its entries change. Entries that come and go say so themselves; whoever changes something inside an
 * entry calls `changed`. Tables inside an entry are told apart: a new object is not a new bucket.
 */
export class Table<T> extends Map<string, T> {
  #changes: Changes | undefined;
  #place: Place = [];

  /** From here on changes are told. */
  attach(changes: Changes, place: Place): void {
    this.#changes = changes;
    this.#place = place;
    for (const [key, value] of this) this.#adopt(key, value);
  }

  override set(key: string, value: T): this {
    const added = !this.has(key);
    super.set(key, value);
    this.#adopt(key, value);
    this.#changes?.changed([...this.#place, key], true, added);
    return this;
  }

  override delete(key: string): boolean {
    const was = super.delete(key);
    if (was) this.#changes?.removed([...this.#place, key]);
    return was;
  }

  override clear(): void {
    for (const key of this.keys()) this.delete(key);
  }

  /** The entry is still the same, and something in it is not. */
  changed(key: string): void {
    this.#changes?.changed([...this.#place, key], false);
  }

  #adopt(key: string, value: T): void {
    if (this.#changes === undefined || typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (member instanceof Table) member.attach(this.#changes, [...this.#place, key, name]);
    }
  }
}
