import type { ExtensionStatus } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { isGone } from '../extension.ts';
import type { Deps } from '../deps.ts';
import type { Decision, ExtensionRecord } from '../ports.ts';
import { extensionOf } from '../record.ts';

/** States that the service itself can be in; the others belong to operations. */
const SETTABLE: readonly ExtensionStatus[] = ['ready', 'sleeping', 'suspended', 'error'];

/**
 * Changes an extension's status from our side and announces it in the same transaction, if it is another one.
 * During an update the new status is what the update will end in, and its end announces it.
 * @param detail the customer's sentence for `error`, the provider's own word otherwise
 * @returns whether anything changed
 * @throws HangarError `not_found`, `state_conflict`
 */
export async function setStatus(
  id: string,
  status: ExtensionStatus,
  detail: string | undefined,
  deps: Deps,
): Promise<boolean> {
  if (!SETTABLE.includes(status)) {
    throw new HangarError('state_conflict', {
      public: `the status ${status} cannot be set from outside an operation`,
    });
  }
  const changed = await deps.options.store.extensions.change<boolean>(id, (current) => {
    if (isGone(current)) throw new HangarError('not_found');
    if (current.provisionedAt === undefined) {
      throw new HangarError('state_conflict', { public: `it is ${current.status}, and was never ready` });
    }
    return judge(current, status, detail, deps.now());
  });
  if (changed === undefined) throw new HangarError('not_found');
  if (changed) deps.wake();
  return changed;
}

function judge(
  current: ExtensionRecord,
  status: ExtensionStatus,
  detail: string | undefined,
  now: Date,
): Decision<boolean> {
  const statusDetail = status === 'error' ? undefined : detail;
  const errorMessage = status === 'error' ? detail : undefined;
  const { operation } = current;
  const before = operation?.statusBefore ?? current.status;
  if (before === status && current.statusDetail === statusDetail && current.errorMessage === errorMessage) {
    return { result: false };
  }
  const set = { statusDetail, errorMessage, updatedAt: now };
  if (operation === undefined) return { set: { ...set, status }, announce: 'resource.updated', result: true };
  const ends = {
    ...operation,
    statusBefore: status,
    announce: operation.announce ?? 'resource.updated',
  } as const;
  return { set: { ...set, operation: ends }, result: true };
}

/** Asks the seller's code how its living extensions are, and follows what it says. */
export async function followStatus(signal: AbortSignal, deps: Deps): Promise<void> {
  const { seller, store } = deps.options;
  if (seller.status === undefined) return;
  for (let after: string | undefined; !signal.aborted;) {
    const page = await store.extensions.list({ limit: 100, after });
    for (const extension of page) {
      if (signal.aborted || extension.operation !== undefined || extension.provisionedAt === undefined)
        continue;
      try {
        const told = await seller.status({ extension: extensionOf(extension), signal, now: deps.now() });
        if (told !== undefined) await setStatus(extension.id, told.status, told.detail, deps);
      } catch (error) {
        deps.log.warn({ extension: extension.id, error }, 'the seller could not tell a status');
      }
    }
    after = page.at(-1)?.id;
    if (after === undefined) return;
  }
}
