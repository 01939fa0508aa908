import { HangarError } from './errors.ts';

/** How much may be held at once. */
export interface BodyShare {
  /** For all requests of one address that are running. */
  readonly perAddressBytes: number;
  /** For all requests of the process that are running. */
  readonly totalBytes: number;
}

/** How much memory the bodies of requests may take while they are read and worked on. */
export interface BodyBudgetLimits {
  /** For bodies of every size. */
  readonly shared: BodyShare;
  /** For small bodies alone. One that finds no room here takes from what is shared. */
  readonly reserve: BodyShare;
  /** A body that has grown beyond this is not small, and leaves the reserve. */
  readonly smallBytes: number;
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
  /** `address` is whom to count for: see `callerOf`. */
  open(address: string): BodyHold;
}

/** Long enough for a stalled body of the same address to time out, short enough for a client that waits. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Makes a budget. A body is read before anybody knows who sent it, so strangers decide how much is held: whoever sends
 * slowly fills the share of its own address first. Large bodies never take the room of small ones, so that a token can still
 * be revoked while somebody stalls uploads, from the same address or from many.
 */
export function createBodyBudget(limits: BodyBudgetLimits): BodyBudget {
  const shared = createPool(limits.shared);
  const reserve = createPool(limits.reserve);
  return {
    open(address) {
      let mine = 0;
      let from = reserve;
      return {
        hold(bytes) {
          const size = mine + bytes;
          const isSmall = from === reserve && size <= limits.smallBytes;
          const into = isSmall && reserve.refusal(address, bytes) === undefined ? reserve : shared;
          const more = into === from ? bytes : size;
          const refusal = into.refusal(address, more);
          if (refusal) throw refusal;
          into.add(address, more);
          if (into !== from) from.add(address, -mine);
          from = into;
          mine = size;
        },
        release() {
          from.add(address, -mine);
          mine = 0;
        },
      };
    },
  };
}

interface Pool {
  /** Why so much more cannot be had; undefined when it can. */
  refusal(address: string, bytes: number): HangarError | undefined;
  add(address: string, bytes: number): void;
}

function createPool({ perAddressBytes, totalBytes }: BodyShare): Pool {
  const held = new Map<string, number>();
  let total = 0;
  return {
    refusal(address, bytes) {
      if ((held.get(address) ?? 0) + bytes > perAddressBytes) {
        return new HangarError('rate_limited', {
          public: 'too many request bodies from your address are still open',
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
      }
      if (total + bytes > totalBytes) {
        return new HangarError('unavailable', {
          detail: `request bodies hold ${total} bytes`,
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
      }
      return undefined;
    },
    add(address, bytes) {
      const left = (held.get(address) ?? 0) + bytes;
      if (left > 0) held.set(address, left);
      else held.delete(address);
      total += bytes;
    },
  };
}
