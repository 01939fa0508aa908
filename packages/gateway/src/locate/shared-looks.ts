/**
 * Looks at rows that are on their way. Whoever wants what another has already asked for waits for it, and then looks at what
 * is remembered: when memory was lost under load, each row is asked for once and not by every request that waits.
 */
export class SharedLooks {
  readonly #running = new Map<string, Promise<void>>();

  /** Settles when the look of this name is over, however it went; undefined when there is none. */
  underWay(name: string): Promise<void> | undefined {
    return this.#running.get(name);
  }

  /** Looks, for all who ask meanwhile. */
  async lead<T>(name: string, look: () => Promise<T>): Promise<T> {
    const looking = look();
    const over = looking.then(
      () => undefined,
      () => undefined,
    );
    this.#running.set(name, over);
    try {
      return await looking;
    } finally {
      if (this.#running.get(name) === over) this.#running.delete(name);
    }
  }
}
