import type { QuotaKind } from '../ports.ts';

/**
 * Upstream is asked again after this long. Longer, and what was removed behind the gateway's back takes a place for that
 * long; shorter, and whoever is refused in a loop makes us list in a loop.
 */
const COUNT_AGE_MS = 60_000;

/** When the environments that are full were last counted upstream, by this process. */
export class CountAges {
  /** Oldest first. */
  readonly #counted = new Map<string, number>();

  /** True when the last count is too old to refuse by; whoever hears that counts now. */
  isOld(environment: string, kind: QuotaKind, now: Date): boolean {
    const over = now.getTime() - COUNT_AGE_MS;
    for (const [key, at] of this.#counted) {
      if (at > over) break;
      this.#counted.delete(key);
    }
    const key = `${kind} ${environment}`;
    if (this.#counted.has(key)) return false;
    this.#counted.set(key, now.getTime());
    return true;
  }
}
