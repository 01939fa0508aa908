import type { TigrisClient } from '@hangar/flyio/tigris';
import { HangarError } from '@hangar/http';
import { isAppName, isBucketName, isOrgSlug } from '@hangar/security';
import { storagePolicy } from '../../rules/bucket-iam-policy.ts';
import { isObject } from '../../rules/json.ts';
import { bucketNameFor } from '../../rules/naming.ts';

/** Whose storage it is. The number tells an app from a later one of its name. */
export interface StorageOwner {
  readonly organization: string;
  readonly number: number;
  readonly app: string;
}

/**
 * What is known of an app's storage, without a database: the policy of its key. Its name says whose it is, and is the name
 * of the key as well; its document names the bucket. Names of policies are unique at Tigris, so only one request can make it,
 * and it is the last thing to be deleted, so whatever is left can be found by it.
 */
export interface StorageRecord {
  readonly name: string;
  readonly arn: string;
  readonly bucket: string;
  /** Undefined where Tigris does not tell. */
  readonly createdAt: Date | undefined;
}

const PREFIX = 'hangar';
/** Longest name of a policy. */
const NAME_LENGTH = 128;
/** Digits of the largest number that JSON carries. */
const NUMBER_LENGTH = 16;

/** Whether the names fit into the record's, whatever number the app is given. */
export function namesFit(organization: string, app: string): boolean {
  return PREFIX.length + organization.length + NUMBER_LENGTH + app.length + 3 <= NAME_LENGTH;
}

/** The name of the record. None of its parts holds a dot. */
export function recordName({ organization, number, app }: StorageOwner): string {
  return [PREFIX, organization, number, app].join('.');
}

function ownerIn(name: string): StorageOwner | undefined {
  const [prefix, organization = '', number = '', app = '', ...more] = name.split('.');
  if (prefix !== PREFIX || more.length > 0 || !/^[0-9]{1,16}$/.test(number)) return undefined;
  if (!isOrgSlug(organization) || !isAppName(app)) return undefined;
  return { organization, number: Number(number), app };
}

/** A record as lists show it: without its bucket. */
export interface ListedRecord extends Omit<StorageRecord, 'bucket'> {
  readonly owner: StorageOwner;
}

/** All records there are. */
export async function listRecords(tigris: TigrisClient): Promise<readonly ListedRecord[]> {
  return (await tigris.listPolicies()).flatMap(({ name, arn, createdAt }) => {
    const owner = ownerIn(name);
    return owner === undefined ? [] : [{ name, arn, createdAt, owner }];
  });
}

/** Makes the record of an app with a bucket of its own; undefined when another request was first. */
export async function claimRecord(
  owner: StorageOwner,
  tigris: TigrisClient,
): Promise<StorageRecord | undefined> {
  const name = recordName(owner);
  const bucket = bucketNameFor(owner.app);
  const arn = await tigris.createPolicy(name, storagePolicy(bucket));
  return arn === undefined ? undefined : { name, arn, bucket, createdAt: undefined };
}

/**
 * The record with the bucket that its document names; undefined when it is gone.
 * @throws HangarError `upstream_failed` when the document is none of ours
 */
export async function openRecord(
  { name, arn, createdAt }: Omit<StorageRecord, 'bucket'>,
  tigris: TigrisClient,
): Promise<StorageRecord | undefined> {
  const document = await tigris.readPolicy(arn);
  if (document === undefined) return undefined;
  const bucket = bucketIn(document);
  if (bucket !== undefined) return { name, arn, createdAt, bucket };
  throw new HangarError('upstream_failed', { status: 500, detail: `the policy ${name} names no bucket` });
}

function bucketIn(document: unknown): string | undefined {
  const statements: unknown = isObject(document) ? document['Statement'] : undefined;
  const first: unknown = Array.isArray(statements) ? statements[0] : undefined;
  const resources: unknown = isObject(first) ? first['Resource'] : undefined;
  const arn: unknown = Array.isArray(resources) ? resources[0] : resources;
  const [, bucket = ''] = /^arn:aws:s3:::([^/*]+)$/.exec(typeof arn === 'string' ? arn : '') ?? [];
  return isBucketName(bucket) ? bucket : undefined;
}
