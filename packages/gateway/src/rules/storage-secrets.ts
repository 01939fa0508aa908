/** The three secrets of the user-env API (docs/sources.md#user-env-api); an app always has them. */
export const SEED_SECRET_NAMES = {
  accessKeyId: 'FLY_TIGRIS_ACCESS_KEY_ID',
  secretAccessKey: 'FLY_TIGRIS_SECRET_ACCESS_KEY',
  bucket: 'FLY_TIGRIS_BUCKET',
} as const;

/** The names that `fly storage create` uses and that S3 libraries read by themselves; set where the operator wants them. */
export const AWS_SECRET_NAMES = {
  accessKeyId: 'AWS_ACCESS_KEY_ID',
  secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
  endpoint: 'AWS_ENDPOINT_URL_S3',
  region: 'AWS_REGION',
  bucket: 'BUCKET_NAME',
} as const;

/** Which names the storage credential gets in the app's secrets. */
export type StorageSecretNames = 'fly' | 'fly-and-aws';

/** The secrets of an environment's storage. */
export function storageSecrets(
  storage: { accessKeyId: string; secretAccessKey: string; bucket: string; endpoint: string },
  names: StorageSecretNames,
): Record<string, string> {
  const secrets: Record<string, string> = {
    [SEED_SECRET_NAMES.accessKeyId]: storage.accessKeyId,
    [SEED_SECRET_NAMES.secretAccessKey]: storage.secretAccessKey,
    [SEED_SECRET_NAMES.bucket]: storage.bucket,
  };
  if (names === 'fly') return secrets;
  return {
    ...secrets,
    [AWS_SECRET_NAMES.accessKeyId]: storage.accessKeyId,
    [AWS_SECRET_NAMES.secretAccessKey]: storage.secretAccessKey,
    [AWS_SECRET_NAMES.endpoint]: storage.endpoint,
    [AWS_SECRET_NAMES.region]: 'auto',
    [AWS_SECRET_NAMES.bucket]: storage.bucket,
  };
}

/**
 * True for a secret that belongs to the environment's storage and that no caller may set or delete. Whatever begins
 * with FLY_TIGRIS_ is ours; the AWS names stay free, since an app may talk to the real AWS.
 */
export function isReservedSecret(name: string): boolean {
  return name.toUpperCase().startsWith('FLY_TIGRIS_');
}
