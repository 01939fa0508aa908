import { randomBytes, randomUUID } from 'node:crypto';
import { newLease, type Lease } from '@hangar/contract';
import { HangarError } from '@hangar/http';
import { isGone, type Extension } from '../extension.ts';
import type { Deps } from '../deps.ts';
import type { AccountEvidence, Decision, ExtensionRecord, Operation } from '../ports.ts';
import { fingerprintOf, type ProvisionOrder, type Wanted } from '../wire/provision-request.ts';
import type { Config } from '../seller.ts';
import { isBeingWorkedOn, within } from './lease.ts';
import { detach, settled } from './settle.ts';
import type { Outcome, Work } from './work.ts';

/** The answer to a provisioning request. */
export interface ProvisionAnswer {
  /** `created`: finished just now. `accepted`: still at work. `repeated`: it was there already. */
  readonly tag: 'created' | 'accepted' | 'repeated';
  readonly extension: Extension;
  readonly config: Config;
}

/** How far one statement brought a provisioning. In each case the nonce is spent and ours. */
export type Begun = { readonly order: ProvisionOrder } & (
  | /** Everything is stored. */
    { readonly tag: 'created'; readonly record: ExtensionRecord; readonly config: Config }
  /** The record is stored with the right to work on it. */
  | { readonly tag: 'claimed'; readonly record: ExtensionRecord }
  /** Another request made the same id in this instant. */
  | { readonly tag: 'overtaken' }
);

/** How often a name is tried with another ending before the clash is reported. */
const NAME_TRIES = 5;
const MAX_NAME = 128;

/**
 * Provisions an extension, once per id of Fly.io's (docs/specs/extensions.md#provision,
 * docs/specs/extensions.md#idempotency). Repeats give the same answer, a different request under the same id is a
 * conflict, and two at once make one resource.
 * @param begun what the short road did already
 * @throws HangarError `conflict`, `name_taken`, `hook_failed`, `not_ready`, or whatever the seller refused with
 */
export async function provision(
  work: Work,
  order: ProvisionOrder,
  begun: Begun | undefined,
  deps: Deps,
): Promise<ProvisionAnswer> {
  if (begun?.tag === 'created') return { tag: 'created', extension: begun.record, config: begun.config };
  const claim: Claim =
    begun?.tag === 'claimed' ? { tag: 'mine', record: begun.record } : await claimIt(order, deps);
  switch (claim.tag) {
    case 'deleted':
      throw new HangarError('conflict', { public: 'the id was used by a deleted resource' });
    case 'differs':
      throw new HangarError('conflict', { public: 'this id was used for a different request' });
    case 'finished':
      return { tag: 'repeated', extension: claim.record, config: configOf(claim.record, deps) };
    case 'elsewhere':
      return await joined(work, claim.record, deps);
    case 'mine': {
      const outcome = await within(deps.timing.answerMs, work.start(claim.record).done);
      return outcome === 'late' ? await later(claim.record.id, deps) : now(outcome, deps);
    }
  }
}

type Claim =
  | { readonly tag: 'mine' | 'elsewhere' | 'finished'; readonly record: ExtensionRecord }
  | { readonly tag: 'deleted' | 'differs' };

async function claimIt(order: ProvisionOrder, deps: Deps): Promise<Claim> {
  const { wanted, evidence, flyId } = order;
  const inserted = await insertNamed(newRecord(wanted, flyId, undefined, deps), evidence, deps);
  if (inserted.tag === 'inserted') return { tag: 'mine', record: inserted.record };
  const lease = newLease(deps.now(), deps.timing.leaseMs);
  const claim = await deps.options.store.extensions.change(inserted.record.id, (current) =>
    judge(current, order, lease, deps.now()),
  );
  // Undefined: it was refused and removed in this instant, so the id is free again.
  return claim ?? (await claimIt(order, deps));
}

/** What a repeated request means for the record that its id already has. */
function judge(current: ExtensionRecord, order: ProvisionOrder, lease: Lease, now: Date): Decision<Claim> {
  if (isGone(current)) return { result: { tag: 'deleted' } };
  if (current.fingerprint !== fingerprintOf(order.wanted)) return { result: { tag: 'differs' } };
  const { evidence } = order;
  const { operation } = current;
  const failed = operation === undefined && current.status === 'error' && current.provisionedAt === undefined;
  if (operation?.kind !== 'provision' && !failed)
    return { evidence, result: { tag: 'finished', record: current } };
  if (isBeingWorkedOn(current, now)) return { evidence, result: { tag: 'elsewhere', record: current } };
  const again: Operation = {
    kind: 'provision',
    startedAt: now,
    attempt: (operation?.attempt ?? 1) + 1,
    announce: operation?.announce,
    statusBefore: 'provisioning',
    changes: {},
  };
  const set = {
    status: 'provisioning',
    errorMessage: undefined,
    operation: again,
    lease,
    updatedAt: now,
  } as const;
  return { set, evidence, result: { tag: 'mine', record: { ...current, ...set } } };
}

/** Inserts under the wanted name, or under the same with an ending when the name is taken. */
export async function insertNamed(
  record: ExtensionRecord,
  evidence: AccountEvidence,
  deps: Deps,
): Promise<{ readonly tag: 'inserted' | 'exists'; readonly record: ExtensionRecord }> {
  let name = record.requestedName;
  for (let tries = 0; tries < NAME_TRIES; tries += 1) {
    const inserted = await deps.options.store.extensions.insert({ ...record, name }, evidence);
    if (inserted.tag !== 'name_taken') return inserted;
    const ending = `-${randomBytes(4).toString('hex')}`;
    name = record.requestedName.slice(0, MAX_NAME - ending.length) + ending;
  }
  // flyctl looks for these words before it tries another name (docs/specs/extensions.md#answers).
  throw new HangarError('name_taken', {
    public: `name ${record.requestedName} is unavailable, already taken`,
  });
}

/** A record for a resource that is about to be made, with the right to make it. */
export function newRecord(
  wanted: Wanted,
  flyId: string | undefined,
  announce: Operation['announce'],
  deps: Deps,
): ExtensionRecord {
  const at = deps.now();
  // Member by member: a spread costs as much as everything else here together.
  return {
    name: wanted.name,
    organizationId: wanted.organizationId,
    userId: wanted.userId,
    plan: wanted.plan,
    primaryRegion: wanted.primaryRegion,
    readRegions: wanted.readRegions,
    ipAddress: wanted.ipAddress,
    options: wanted.options,
    id: randomUUID(),
    flyId,
    requestedName: wanted.name,
    flyAppName: undefined,
    status: 'provisioning',
    statusDetail: undefined,
    errorMessage: undefined,
    createdAt: at,
    updatedAt: at,
    provisionedAt: undefined,
    deletedAt: undefined,
    fingerprint: fingerprintOf(wanted),
    sealedConfig: undefined,
    operation: {
      kind: 'provision',
      startedAt: at,
      attempt: 1,
      announce,
      statusBefore: 'provisioning',
      changes: {},
    },
    lease: newLease(at, deps.timing.leaseMs),
  };
}

function now(outcome: Outcome, deps: Deps): ProvisionAnswer {
  switch (outcome.tag) {
    case 'failed':
      throw outcome.error;
    case 'cancelled':
      throw new HangarError('conflict', { public: 'it was deleted while it was being provisioned' });
    case 'lost':
      throw new HangarError('not_ready', { detail: 'another process took the work over' });
    case 'done':
      return { tag: 'created', extension: outcome.record, config: configOf(outcome.record, deps) };
  }
}

/** The time to answer is over. Without a config there is no answer Fly.io could use, so it must come again. */
async function later(id: string, deps: Deps): Promise<ProvisionAnswer> {
  const record = await detach(id, 'resource.updated', (current) => current.sealedConfig !== undefined, deps);
  if (record === undefined || isGone(record)) {
    throw new HangarError('conflict', { public: 'it was deleted while it was being provisioned' });
  }
  if (record.operation === undefined && record.status === 'error') {
    throw new HangarError(
      'hook_failed',
      record.errorMessage === undefined ? {} : { public: record.errorMessage },
    );
  }
  if (record.sealedConfig === undefined) {
    throw new HangarError('not_ready', { detail: 'the seller has not said what the config will be' });
  }
  const tag = record.operation === undefined ? 'created' : 'accepted';
  return { tag, extension: record, config: configOf(record, deps) };
}

/** A second request while the first is still at work: it reports the first, and never looks finished early. */
async function joined(work: Work, seen: ExtensionRecord, deps: Deps): Promise<ProvisionAnswer> {
  const record = await settled(
    work,
    seen.id,
    (current) => current.operation === undefined || current.sealedConfig !== undefined,
    deps,
  );
  if (record === undefined)
    throw new HangarError('conflict', { public: 'the same request was refused just now' });
  if (record.operation === undefined && record.status !== 'error' && !isGone(record)) {
    return { tag: 'repeated', extension: record, config: configOf(record, deps) };
  }
  return await later(record.id, deps);
}

function configOf(record: ExtensionRecord, deps: Deps): Config {
  const config = deps.openConfig(record);
  if (config === undefined)
    throw new HangarError('internal', { detail: `extension ${record.id} has no config` });
  return config;
}
