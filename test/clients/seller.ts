import { randomUUID } from 'node:crypto';
import { HangarError } from '@hangar/http';
import type { Seller } from '@hangar/provider';

/** How often somebody must ask for an extension before its provider is done with it. */
const ASKED_TIMES = 2;

/** What the stage sells. */
export interface StageSeller {
  readonly seller: Seller;
  /** Somebody has asked how an extension is. */
  asked(): void;
}

/**
 * Sells a product of one variable. What is called slow is ready when it was asked for twice, what is called broken fails then, and a
 * bucket keeps the domain that it has.
 */
export function createSeller(): StageSeller {
  const waiting = new Set<() => void>();
  return {
    asked() {
      for (const heard of waiting) heard();
    },
    seller: {
      async provision({ extension, answer, signal }) {
        const config = { HANGAR_API_TOKEN: `token-${extension.name}-${randomUUID()}` };
        if (!/slow|broken/.test(extension.name)) return { config };
        await answer({ config });
        await askedTimes(ASKED_TIMES, signal);
        if (extension.name.includes('broken'))
          throw new HangarError('plan_required', { public: 'the free allowance is used up' });
        return { config };
      },
      async update({ changes }) {
        if (JSON.stringify(changes.options ?? {}).includes('shop.example.com'))
          throw new HangarError('immutable', { public: 'the domain of a bucket cannot be changed' });
      },
      async deprovision() {},
      async usage() {
        return [];
      },
    },
  };

  function askedTimes(count: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = count;
      const end = (): void => {
        waiting.delete(heard);
        signal.removeEventListener('abort', aborted);
      };
      const heard = (): void => {
        left -= 1;
        if (left > 0) return;
        end();
        resolve();
      };
      const aborted = (): void => {
        end();
        reject(new Error('it is not needed any more'));
      };
      waiting.add(heard);
      signal.addEventListener('abort', aborted);
    });
  }
}
