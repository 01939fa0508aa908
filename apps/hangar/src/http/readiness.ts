import { HangarError } from '@hangar/http';

/** Whether requests would be served now. */
export interface Readiness {
  /** @throws HangarError `not_ready`, with the reason in words, for the caller as well. */
  check(): Promise<void>;
}

/** However often it is asked, each thing is tried once in this time: the page is open to strangers, and one try is a write. */
const TRY_EVERY_MS = 1_000;

/** What takes longer is as good as away; load balancers wait a few seconds at most. */
const WITHIN_MS = 2_000;

/** Makes the answer out of what every request needs, by name. The last outcome holds until it is tried again. */
export function createReadiness(options: {
  readonly needs: Readonly<Record<string, () => Promise<void>>>;
  readonly monotonicMs?: () => number;
}): Readiness {
  const monotonicMs = options.monotonicMs ?? (() => performance.now());
  const needs = Object.entries(options.needs).map(([name, need]) => ({ name, need: oneAtATime(need) }));
  let triedAt = Number.NEGATIVE_INFINITY;
  let outcome: Promise<void> = Promise.resolve();
  return {
    check: async () => {
      if (monotonicMs() - triedAt >= TRY_EVERY_MS) {
        triedAt = monotonicMs();
        outcome = Promise.all(needs.map(({ name, need }) => tryNeed(name, need))).then(() => undefined);
        outcome.catch(() => {});
      }
      await outcome;
    },
  };
}

/** One that hangs is waited for again, and not begun again: each would hold a connection, until none were left for requests. */
function oneAtATime(need: () => Promise<void>): () => Promise<void> {
  let pending: Promise<void> | undefined;
  return async () => {
    pending ??= need().finally(() => (pending = undefined));
    await pending;
  };
}

async function tryNeed(name: string, need: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${WITHIN_MS} ms`)), WITHIN_MS);
  });
  try {
    await Promise.race([need(), late]);
  } catch (error) {
    throw new HangarError('not_ready', { detail: name, extra: { reason: name }, cause: error });
  } finally {
    clearTimeout(timer);
  }
}
