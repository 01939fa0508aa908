import type { VerifyingIssuer } from '../issuer/port.ts';

/** How often uses are written down. A crash loses at most this much of "last used". */
export const LAST_USED_FLUSH_SECONDS = 10;

/** Uses kept until the next flush; a statement of this size is still quick. */
const MAX_WAITING = 5000;

/** Remembers when and from where tokens were used, without a write per request. */
export interface LastUsed {
  record(use: { tokenId: string; from: string | undefined; at: Date }): void;
  /** Writes down what is waiting. What cannot be written waits for the next time. */
  flush(): Promise<void>;
}

/** Collects the latest use of each token. */
export function createLastUsed(issuer: Pick<VerifyingIssuer, 'recordUses'>): LastUsed {
  let waiting = new Map<string, { id: string; at: Date; from: string | undefined }>();
  return {
    record: ({ tokenId, from, at }) => {
      const known = waiting.get(tokenId);
      if (known ? known.at > at : waiting.size >= MAX_WAITING) return;
      waiting.set(tokenId, { id: tokenId, at, from });
    },
    flush: async () => {
      if (waiting.size === 0) return;
      const uses = waiting;
      waiting = new Map();
      try {
        await issuer.recordUses([...uses.values()]);
      } catch (error) {
        for (const [id, use] of uses) if (!waiting.has(id)) waiting.set(id, use);
        throw error;
      }
    },
  };
}
