import type { Clock, Log } from '@hangar/http';

/**
 * The right to work on one row. Unless it is prolonged it lapses, and another process may claim the row
 * (docs/specs/promises.md#leases).
 */
export interface Lease {
  /** Made up for one run of work, so that nobody else can prolong it. */
  readonly holder: string;
  readonly heldUntil: Date;
}

/**
 * A lease to be claimed with. The claim itself belongs to the caller: it is part of the statement that decides what is to
 * be done, and so is the release, which is part of the write that says what came of it.
 */
export function newLease(now: Date, leaseMs: number): Lease {
  return { holder: crypto.randomUUID(), heldUntil: new Date(now.getTime() + leaseMs) };
}

/** The rows that leases are kept in. */
export interface LeaseRows {
  /** Writes the new end if the row still has this holder; false when another one has claimed it, or it is gone. */
  prolong(key: string, lease: Lease): Promise<boolean>;
}

/** How long a lease lasts, how often it is prolonged, and who hears of trouble. */
export interface LeaseOptions {
  /** What the row was claimed with. */
  readonly lease: Lease;
  readonly leaseMs: number;
  /** A third of `leaseMs` or less, so that one lost beat costs nothing. */
  readonly beatMs: number;
  readonly now: Clock;
  readonly log: Log;
}

/**
 * Works under a lease: prolongs it every `beatMs` until the work is over. The signal is aborted once the lease is lost:
 * because another holder has claimed the row, or because it could not be prolonged before it lapsed. A clock that jumps
 * loses nothing by itself, since the row is asked before anything is given up.
 *
 * The signal saves effects, it does not guard rows: a write that counts names its holder and fails without the lease.
 */
export async function withLease<T>(
  rows: LeaseRows,
  key: string,
  { lease, leaseMs, beatMs, now, log }: LeaseOptions,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const { holder } = lease;
  const lost = new AbortController();
  let { heldUntil } = lease;
  let isAsking = false;
  let isOver = false;

  function lose(why: string): void {
    if (isOver || lost.signal.aborted) return;
    clearInterval(heartbeat);
    log.warn({ key }, why);
    lost.abort(new DOMException(why, 'AbortError'));
  }

  async function beat(): Promise<void> {
    const next = new Date(now().getTime() + leaseMs);
    if (await rows.prolong(key, { holder, heldUntil: next })) heldUntil = next;
    else lose('a lease was lost to another holder');
  }

  function lapse(): void {
    if (now() >= heldUntil) lose('a lease lapsed before it could be prolonged');
  }

  const heartbeat = setInterval(() => {
    if (isAsking) {
      lapse();
      return;
    }
    isAsking = true;
    beat()
      .catch((error: unknown) => {
        log.warn({ key, err: error }, 'a lease could not be prolonged');
        lapse();
      })
      .finally(() => (isAsking = false));
  }, beatMs);
  heartbeat.unref();
  try {
    return await work(lost.signal);
  } finally {
    isOver = true;
    clearInterval(heartbeat);
  }
}
