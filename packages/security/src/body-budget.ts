import { HangarError } from './errors.ts';

/** How much memory the bodies of requests may take while they are read and worked on. */
export interface BodyBudgetLimits {
  /** For all requests of one address that are running at once. */
  readonly perAddressBytes: number;
  /** For all requests of the process that are running at once. */
  readonly totalBytes: number;
}

/** The part of the budget that one request holds. */
export interface BodyHold {
  /**
   * Takes more bytes.
   * @throws HangarError `rate_limited` when the address holds too much, `unavailable` when the process does
   */
  hold(bytes: number): void;
  /** Gives everything back, at the end of the request. May be called again. */
  release(): void;
}

/** Counts what is held, by address and in all. */
export interface BodyBudget {
  open(address: string | undefined): BodyHold;
}

/** Long enough for a stalled body of the same address to time out, short enough for a client that waits. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Makes a budget. A body is read before anybody knows who sent it, so strangers decide how much is held: whoever sends
 * slowly fills the share of its own address first.
 */
export function createBodyBudget(limits: BodyBudgetLimits): BodyBudget {
  const held = new Map<string, number>();
  let total = 0;
  return {
    open(address = '') {
      let mine = 0;
      return {
        hold(bytes) {
          const ofAddress = (held.get(address) ?? 0) + bytes;
          if (ofAddress > limits.perAddressBytes) {
            throw new HangarError('rate_limited', {
              public: 'too many request bodies from your address are still open',
              retryAfterSeconds: RETRY_AFTER_SECONDS,
            });
          }
          if (total + bytes > limits.totalBytes) {
            throw new HangarError('unavailable', {
              detail: `request bodies hold ${total} bytes`,
              retryAfterSeconds: RETRY_AFTER_SECONDS,
            });
          }
          held.set(address, ofAddress);
          total += bytes;
          mine += bytes;
        },
        release() {
          const left = (held.get(address) ?? 0) - mine;
          if (left > 0) held.set(address, left);
          else held.delete(address);
          total -= mine;
          mine = 0;
        },
      };
    },
  };
}
