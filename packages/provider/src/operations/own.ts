import { newLease } from '@hangar/contract';
import { HangarError } from '@hangar/http';
import { isGone, type Extension } from '../extension.ts';
import type { Deps } from '../deps.ts';
import type { AccountEvidence, ExtensionRecord } from '../ports.ts';
import { extensionOf } from '../record.ts';
import type { Wanted } from '../wire/provision-request.ts';
import type { Config } from '../seller.ts';
import { insertNamed, newRecord } from './provision.ts';
import type { Work } from './work.ts';

/** What the provider's own pages may ask for: like a provisioning request, without Fly.io's id. */
export type OwnOrder = Partial<Wanted> &
  Pick<Wanted, 'name' | 'organizationId' | 'userId'> & { readonly role: AccountEvidence['role'] };

/**
 * Makes an extension at the provider's side; when it is ready, `resource.created` tells Fly.io
 * (docs/specs/extensions.md#webhooks). Answers at once, while the work goes on.
 */
export async function createHere(work: Work, order: OwnOrder, deps: Deps): Promise<Extension> {
  const { role, ...asked } = order;
  const wanted: Wanted = {
    plan: undefined,
    primaryRegion: undefined,
    readRegions: [],
    ipAddress: undefined,
    options: {},
    ...asked,
  };
  const evidence: AccountEvidence = {
    organization: { id: wanted.organizationId, name: undefined, email: undefined },
    user: { id: wanted.userId, email: undefined, name: undefined },
    role,
    at: deps.now(),
  };
  const { record } = await insertNamed(
    newRecord(wanted, undefined, 'resource.created', deps),
    evidence,
    deps,
  );
  work.start(record);
  return extensionOf(record);
}

/**
 * Makes new credentials and waits for them. Fly.io is told that the resource changed; the config itself travels
 * only in what this answers.
 * @throws HangarError `not_found`, `conflict`, or whatever the seller refused with
 */
export async function rotate(work: Work, id: string, deps: Deps): Promise<Config> {
  const lease = newLease(deps.now(), deps.timing.leaseMs);
  const started = await deps.options.store.extensions.change<ExtensionRecord>(id, (current) => {
    if (isGone(current)) throw new HangarError('not_found');
    if (current.operation !== undefined)
      throw new HangarError('conflict', { public: 'another operation is still running' });
    if (current.provisionedAt === undefined)
      throw new HangarError('conflict', { public: 'it was never provisioned' });
    const set = {
      status: 'updating',
      operation: {
        kind: 'rotate',
        startedAt: deps.now(),
        attempt: 1,
        announce: 'resource.updated',
        statusBefore: current.status,
        changes: {},
      },
      lease,
    } as const;
    return { set, result: { ...current, ...set } };
  });
  if (started === undefined) throw new HangarError('not_found');
  const outcome = await work.start(started).done;
  if (outcome.tag === 'failed') throw outcome.error;
  const record = await deps.options.store.extensions.find(id);
  const config = record === undefined || outcome.tag !== 'done' ? undefined : deps.openConfig(record);
  if (config === undefined) throw new HangarError('conflict', { public: 'it was deleted meanwhile' });
  return config;
}
