import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import type { Secret } from '@hangar/security';
import { tigrisAccess, type TigrisAccess } from './tigris-access.ts';
import { tigrisBuckets, type TigrisBuckets } from './tigris-buckets.ts';

export type { AccessKeySummary, PolicySummary } from './tigris-access.ts';

/** Options of {@link createTigrisClient}. */
export interface TigrisClientOptions {
  readonly s3Endpoint: string;
  readonly iamEndpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Tigris knows one region, which is also part of every signature. */
  readonly region?: 'auto';
}

/**
 * Tigris, as an operator uses it: buckets over S3, keys and policies over IAM. Every call may be repeated.
 * What is to be deleted and is gone counts as deleted; anything else throws a HangarError `upstream_failed`,
 * `upstream_unreachable` or `upstream_timeout`.
 */
export interface TigrisClient extends TigrisBuckets, TigrisAccess {
  /** Closes the sockets. */
  close(): void;
}

/** Milliseconds to connect, and between two pieces of an answer. */
const CONNECTION_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Makes the client. Path style, because an address or a bucket name with a dot cannot be a host name's label.
 *
 * @example
 * const tigris = createTigrisClient({ s3Endpoint, iamEndpoint, accessKeyId, secretAccessKey });
 */
export function createTigrisClient(options: TigrisClientOptions): TigrisClient {
  const shared = {
    region: options.region ?? 'auto',
    credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey.reveal() },
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  };
  const s3 = new S3Client({ ...shared, endpoint: options.s3Endpoint, forcePathStyle: true });
  const iam = new IAMClient({ ...shared, endpoint: options.iamEndpoint });
  // The SDK repeats what failed. A repeated CreateAccessKey would leave a key behind that nobody knows the
  // secret of.
  const iamOnce = new IAMClient({ ...shared, endpoint: options.iamEndpoint, maxAttempts: 1 });
  return {
    ...tigrisBuckets(s3),
    ...tigrisAccess(iam, iamOnce),
    close() {
      s3.destroy();
      iam.destroy();
      iamOnce.destroy();
    },
  };
}
