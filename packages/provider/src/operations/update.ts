import { newLease, type Lease } from '@hangar/contract';
import { HangarError } from '@hangar/http';
import { isGone, type Extension } from '../extension.ts';
import type { Deps } from '../deps.ts';
import type { AccountEvidence, Decision, ExtensionRecord } from '../ports.ts';
import { readUpdate, type UpdateOrder } from '../wire/provision-request.ts';
import type { Config } from '../seller.ts';
import { within } from './lease.ts';
import { detach } from './settle.ts';
import type { Work } from './work.ts';

/** The answer to a PATCH; `config` only when the credentials changed with it. */
export interface UpdateAnswer {
  readonly tag: 'updated' | 'accepted';
  readonly extension: Extension;
  readonly config: Config | undefined;
}

type Start = { readonly tag: 'unchanged' | 'mine'; readonly record: ExtensionRecord };

/**
 * Changes an extension (docs/specs/extensions.md#update). What is absent stays, sets are
 * replaced, and what cannot change is refused unless it is equal.
 * @throws HangarError `not_found`, `invalid`, `immutable`, `conflict`, or whatever the seller refused with
 */
export async function update(
  work: Work,
  id: string,
  members: Record<string, unknown>,
  timestamp: number,
  deps: Deps,
): Promise<UpdateAnswer> {
  const lease = newLease(deps.now(), deps.timing.leaseMs);
  const start = await deps.options.store.extensions.change<Start>(id, (current) => {
    if (isGone(current)) throw new HangarError('not_found');
    const order = readUpdate(members, current, deps.options);
    refuseFixed(order, current);
    return judge(current, order, lease, new Date(timestamp * 1000), deps);
  });
  if (start === undefined) throw new HangarError('not_found');
  if (start.tag === 'unchanged') return { tag: 'updated', extension: start.record, config: undefined };
  const outcome = await within(deps.timing.answerMs, work.start(start.record).done);
  if (outcome !== 'late' && outcome.tag === 'failed') throw outcome.error;
  const record =
    outcome === 'late'
      ? await detach(id, 'resource.updated', () => true, deps)
      : await deps.options.store.extensions.find(id);
  if (record === undefined || isGone(record)) throw new HangarError('not_found');
  const { sealedConfig } = record;
  const renewed =
    sealedConfig !== undefined && !Buffer.from(start.record.sealedConfig ?? []).equals(sealedConfig);
  return {
    tag: record.operation === undefined ? 'updated' : 'accepted',
    extension: record,
    config: renewed ? deps.openConfig(record) : undefined,
  };
}

function judge(
  current: ExtensionRecord,
  order: UpdateOrder,
  lease: Lease,
  at: Date,
  deps: Deps,
): Decision<Start> {
  const { changes } = order;
  const evidence = actingEvidence(order, current, at);
  const known = evidence === undefined ? {} : { evidence };
  const changed = Object.keys(changes);
  if (current.operation !== undefined) {
    throw new HangarError('conflict', { public: 'another operation is still running' });
  }
  if (changed.length === 0) return { ...known, result: { tag: 'unchanged', record: current } };
  if (current.provisionedAt === undefined) {
    throw new HangarError('conflict', { public: 'it was never provisioned; provision it again first' });
  }
  if (deps.options.seller.update === undefined) throw immutable(changed.map(wireName));
  const set = {
    status: 'updating',
    operation: {
      kind: 'update',
      startedAt: deps.now(),
      attempt: 1,
      announce: undefined,
      statusBefore: current.status === 'error' ? 'ready' : current.status,
      changes,
    },
    lease,
    updatedAt: deps.now(),
  } as const;
  return { ...known, set, result: { tag: 'mine', record: { ...current, ...set } } };
}

/** Members that may be repeated but not changed. The owner above all: nobody moves a resource by a PATCH. */
function refuseFixed({ fixed }: UpdateOrder, current: ExtensionRecord): void {
  const names: string[] = [];
  // Fly.io may name the resource by its own id or by ours.
  if (fixed.flyId !== undefined && fixed.flyId !== current.flyId && fixed.flyId !== current.id)
    names.push('id');
  if (fixed.name !== undefined && fixed.name !== current.name && fixed.name !== current.requestedName)
    names.push('name');
  if (fixed.organizationId !== undefined && fixed.organizationId !== current.organizationId)
    names.push('organization_id');
  if (fixed.primaryRegion !== undefined && fixed.primaryRegion !== current.primaryRegion)
    names.push('primary_region');
  if (fixed.ipAddress !== undefined && fixed.ipAddress !== current.ipAddress) names.push('ip_address');
  if (names.length > 0) throw immutable(names);
}

function immutable(names: readonly string[]): HangarError {
  return new HangarError('immutable', {
    public: `cannot be changed: ${names.join(', ')}`,
    fields: Object.fromEntries(names.map((name) => [name, 'cannot be changed'])),
  });
}

function wireName(change: string): string {
  return change === 'readRegions' ? 'read_regions' : change;
}

/** Who acts now belongs into the account records; the owner of the resource stays who it was. */
function actingEvidence(
  { acting }: UpdateOrder,
  current: ExtensionRecord,
  at: Date,
): AccountEvidence | undefined {
  if (acting.user_id === undefined || acting.user_role === undefined) return undefined;
  return {
    organization: { id: current.organizationId, name: acting.organization_name, email: undefined },
    user: { id: acting.user_id, email: acting.user_email, name: undefined },
    role: acting.user_role,
    at,
  };
}
