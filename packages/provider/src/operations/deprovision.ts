import { newLease } from '@hangar/contract';
import type { WebhookAction } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import type { Deps } from '../deps.ts';
import type { ExtensionRecord } from '../ports.ts';
import { isBeingWorkedOn } from './lease.ts';
import { detach, settled } from './settle.ts';
import type { Work } from './work.ts';

/** `deleted`: nothing is left. `accepted`: it will be gone, and a webhook will say so. */
export type DeprovisionAnswer = 'deleted' | 'accepted';

type Start = { readonly tag: 'gone' | 'mine' | 'elsewhere'; readonly record: ExtensionRecord };

/**
 * Removes an extension (docs/specs/extensions.md#delete). A second time is fine. Work that is under way is stopped
 * first and waited for, so that it cannot leave anything behind.
 * @param announce what the end announces even when the answer can say it; undefined when Fly.io asked
 * @throws HangarError `not_found` for an id that never was
 */
export async function deprovision(
  work: Work,
  id: string,
  announce: WebhookAction | undefined,
  deps: Deps,
): Promise<DeprovisionAnswer> {
  const lease = newLease(deps.now(), deps.timing.leaseMs);
  const start = await deps.options.store.extensions.change<Start>(id, (current) => {
    if (current.status === 'deleted') return { result: { tag: 'gone', record: current } };
    const busy = isBeingWorkedOn(current, deps.now());
    const already = current.status === 'deleting' && current.operation !== undefined;
    if (already && busy) return { result: { tag: 'elsewhere', record: current } };
    const set = {
      status: 'deleting',
      operation: {
        kind: 'deprovision',
        startedAt: deps.now(),
        attempt: already ? (current.operation?.attempt ?? 0) + 1 : 1,
        announce: (already ? current.operation?.announce : undefined) ?? announce,
        statusBefore: current.status,
        changes: {},
      },
      // Whoever is at work keeps the lease, stops, and then does the removal under it.
      ...(busy ? {} : { lease }),
      updatedAt: deps.now(),
    } as const;
    return { set, result: { tag: busy ? 'elsewhere' : 'mine', record: { ...current, ...set } } };
  });
  if (start === undefined) throw new HangarError('not_found');
  if (start.tag === 'gone') return 'deleted';
  if (start.tag === 'mine') work.start(start.record);
  else work.running(id)?.cancel();

  const record = await settled(
    work,
    id,
    (current) => current.status === 'deleted' || isResting(current, deps),
    deps,
  );
  if (record?.status === 'deleted') return 'deleted';
  const found = await detach(id, 'resource.deleted', () => true, deps);
  return found === undefined || found.status === 'deleted' ? 'deleted' : 'accepted';
}

/** A try failed and the next one is some seconds away: no use in waiting for it. */
function isResting(record: ExtensionRecord, deps: Deps): boolean {
  return record.operation !== undefined && !isBeingWorkedOn(record, deps.now());
}
