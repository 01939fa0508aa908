import type { TigrisClient } from '@hangar/flyio/tigris';
import { HangarError } from '@hangar/http';
import type { PassthroughDeps } from '../deps.ts';
import {
  claimRecord,
  listRecords,
  openRecord,
  recordName,
  type ListedRecord,
  type StorageOwner,
  type StorageRecord,
} from './record.ts';

/** Longer than any request that makes storage works on it, so that one that is older has died. */
export const CLAIM_MS = 120_000;
/** A request that has not set the secrets by then gives up: another one may take over soon. */
export const FINISH_WITHIN_MS = 90_000;

/** What goes into the app's secrets. */
export interface StorageKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
}

/** The storage of an app while it is being made. */
export interface Making {
  readonly record: StorageRecord;
  readonly key: StorageKey;
}

type Deps = Pick<PassthroughDeps, 'tigris' | 'now' | 'maxApps' | 'ownBucket'>;

/**
 * The record to make storage under: a new one, or that of a request that died. It is the claim as well: one process makes it.
 * @throws HangarError `state_conflict` while another request is at it, `policy_denied` when the organization has enough
 */
export async function takeRecord(owner: StorageOwner, deps: Deps): Promise<StorageRecord> {
  const { tigris, maxApps } = deps;
  const records = await listRecords(tigris);
  const listed = records.find(({ name }) => name === recordName(owner));
  if (listed) return await takeOver(listed, deps);
  const held = records.filter(({ owner: one }) => one.organization === owner.organization).length;
  if (held >= maxApps) {
    throw new HangarError('policy_denied', {
      public: `the organization ${owner.organization} has ${held} apps with storage; ${maxApps} are allowed`,
      extra: { rule: 'HANGAR_MAX_APPS', limit: maxApps },
    });
  }
  const record = await claimRecord(owner, tigris);
  if (record) return record;
  throw busy(CLAIM_MS);
}

async function takeOver(listed: ListedRecord, { tigris, now }: Deps): Promise<StorageRecord> {
  const age = now().getTime() - (listed.createdAt?.getTime() ?? 0);
  if (age < CLAIM_MS) throw busy(CLAIM_MS - age);
  const record = await openRecord(listed, tigris);
  if (record) return record;
  throw busy(0);
}

/** The request that made the record may be at work, here or in another process. */
function busy(forMs: number): HangarError {
  return new HangarError('state_conflict', {
    public: 'the storage of this app is being made by another request; repeat this one later',
    retryAfterSeconds: Math.max(1, Math.ceil(forMs / 1000)),
  });
}

/**
 * Makes bucket and key. A secret is shown once, so a key of a request that died is of no use and is deleted; it was never
 * told to anybody.
 */
export async function makeStorage(record: StorageRecord, { tigris }: Deps): Promise<Making> {
  const { name, arn, bucket } = record;
  await tigris.ensureBucket(bucket);
  for (const id of await keysOf(record, tigris)) await tigris.deleteAccessKey(id);
  const { accessKeyId, secret } = await tigris.createAccessKey(name);
  await tigris.attachPolicy(accessKeyId, arn);
  return { record, key: { accessKeyId, secretAccessKey: secret.reveal(), bucket } };
}

/**
 * Deletes the storage of an app, the record last. The key is shut off first, so that nothing writes into the bucket while
 * it is emptied. Each step may find its work done.
 */
export async function unmakeStorage(record: StorageRecord, { tigris, ownBucket }: Deps): Promise<void> {
  const keys = await keysOf(record, tigris);
  for (const id of keys) await tigris.deactivateAccessKey(id);
  if (record.bucket === ownBucket)
    throw new HangarError('internal', { detail: `${record.name} names FLY_TIGRIS_BUCKET` });
  await tigris.emptyAndDeleteBucket(record.bucket);
  for (const id of keys) await tigris.detachPolicy(id, record.arn);
  for (const id of keys) await tigris.deleteAccessKey(id);
  await tigris.deletePolicy(record.arn);
}

/** Deletes the storage of several apps that are gone. */
export async function unmakeListed(records: readonly ListedRecord[], deps: Deps): Promise<void> {
  for (const listed of records) {
    const record = await openRecord(listed, deps.tigris);
    if (record) await unmakeStorage(record, deps);
  }
}

async function keysOf({ name }: StorageRecord, tigris: TigrisClient): Promise<readonly string[]> {
  const keys = await tigris.listAccessKeys();
  return keys.filter(({ userName }) => userName === name).map(({ accessKeyId }) => accessKeyId);
}
