import { newLease } from '@hangar/contract';
import type { WebhookAction } from '@hangar/flyio';
import type { Deps } from '../deps.ts';
import type { ExtensionRecord, Operation } from '../ports.ts';
import { deprovision } from './deprovision.ts';
import type { Work } from './work.ts';

/** How many are taken up in one round; the next round takes the rest. */
const ROUND = 20;

/** A failed creation is of no use to anybody after this long (docs/specs/extensions.md#asynchronous-work). */
const FAILED_KEPT_MS = 24 * 3_600_000;

/** Takes up work whose process died, or whose pause is over. Overdue provisioning ends in `error`. */
export async function resumeAbandoned(work: Work, deps: Deps): Promise<void> {
  const { extensions } = deps.options.store;
  for (const { id } of await extensions.abandoned(deps.now(), ROUND)) {
    const lease = newLease(deps.now(), deps.timing.leaseMs);
    const taken = await extensions.change<ExtensionRecord | undefined>(id, (current) => {
      const { operation } = current;
      // Also a pause is kept: what was found may have begun to wait for the end of its grace since.
      if (operation === undefined || (current.lease !== undefined && current.lease.heldUntil > deps.now()))
        return { result: undefined };
      const again: Operation = {
        ...operation,
        attempt: operation.attempt + 1,
        announce: operation.announce ?? announcementOf(operation.kind),
      };
      const set = { operation: again, lease };
      return { set, result: { ...current, ...set } };
    });
    if (taken !== undefined) work.start(taken);
  }
}

/** Nobody is left to answer the request, so the end must be announced, unless Fly.io cannot know the id yet. */
function announcementOf(kind: Operation['kind']): WebhookAction | undefined {
  switch (kind) {
    case 'provision':
    case 'destroy':
      return undefined;
    case 'update':
    case 'rotate':
      return 'resource.updated';
    case 'deprovision':
      return 'resource.deleted';
  }
}

/** Removes what is left of creations that failed and were not repeated within a day. */
export async function sweepFailed(work: Work, deps: Deps): Promise<void> {
  const before = new Date(deps.now().getTime() - FAILED_KEPT_MS);
  for (const record of await deps.options.store.extensions.failed(before, ROUND)) {
    // Fly.io knows of it only if an answer with a config went out.
    await deprovision(
      work,
      record.id,
      record.sealedConfig === undefined ? undefined : 'resource.deleted',
      deps,
    );
  }
}
