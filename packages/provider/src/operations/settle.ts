import type { WebhookAction } from '@hangar/flyio';
import type { Deps } from '../deps.ts';
import type { ExtensionRecord } from '../ports.ts';
import { within } from './lease.ts';
import type { Work } from './work.ts';

/**
 * Waits for work on an extension that somebody else began, in this process or another, until `enough` holds or
 * the time to answer is over. Answers the record as it is then; undefined when it is gone.
 */
export async function settled(
  work: Work,
  id: string,
  enough: (record: ExtensionRecord) => boolean,
  deps: Deps,
): Promise<ExtensionRecord | undefined> {
  const { extensions } = deps.options.store;
  let left = deps.timing.answerMs;
  for (;;) {
    const record = await extensions.find(id);
    if (record === undefined || enough(record) || left <= 0) return record;
    const here = work.running(id)?.done;
    await within(Math.min(deps.timing.pollMs, left), here ?? new Promise<never>(() => undefined));
    left -= deps.timing.pollMs;
  }
}

/**
 * Turns an answer asynchronous: from now on the end of the work is announced to Fly.io. Decided under the record's
 * lock, so the end is either in the answer or in a webhook, never in both and never in neither. Answers the
 * record as it was found.
 */
export async function detach(
  id: string,
  announce: WebhookAction,
  only: (record: ExtensionRecord) => boolean,
  deps: Deps,
): Promise<ExtensionRecord | undefined> {
  return await deps.options.store.extensions.change(id, (current) => {
    const { operation } = current;
    if (operation === undefined || !only(current)) return { result: current };
    return {
      set: { operation: { ...operation, announce: operation.announce ?? announce } },
      result: current,
    };
  });
}
