import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ObjectIdentifier,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HangarError } from '@hangar/http';
import { isAbsent, nameOf, tigrisFailure } from './tigris-failure.ts';

/** The half of the Tigris client that speaks S3. */
export interface TigrisBuckets {
  /**
   * Makes the bucket, or finds that it is ours already.
   * @throws HangarError `name_taken` when it is somebody else's: the name space is global.
   */
  ensureBucket(name: string): Promise<'created' | 'existed'>;
  /** Aborts uploads, deletes all objects, deletes the bucket. A bucket that is gone is a success. */
  emptyAndDeleteBucket(name: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  listBuckets(): Promise<readonly { readonly name: string; readonly createdAt?: Date }[]>;
}

/** Objects may still arrive while a bucket is emptied, from a key that was just switched off. */
const EMPTYING_ROUNDS = 5;

/** The S3 half. */
export function tigrisBuckets(s3: S3Client): TigrisBuckets {
  async function abortUploads(bucket: string, signal: AbortSignal | undefined): Promise<void> {
    let keyMarker: string | undefined;
    let uploadIdMarker: string | undefined;
    do {
      const page = await s3.send(
        new ListMultipartUploadsCommand({
          Bucket: bucket,
          KeyMarker: keyMarker,
          UploadIdMarker: uploadIdMarker,
        }),
        signal ? { abortSignal: signal } : {},
      );
      for (const upload of page.Uploads ?? []) {
        const target = { Bucket: bucket, Key: upload.Key, UploadId: upload.UploadId };
        await s3.send(new AbortMultipartUploadCommand(target)).catch(ignoreAbsent);
      }
      keyMarker = page.IsTruncated ? page.NextKeyMarker : undefined;
      uploadIdMarker = page.IsTruncated ? page.NextUploadIdMarker : undefined;
    } while (keyMarker !== undefined);
  }

  async function deleteObjects(bucket: string, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1000 }));
      const objects = (page.Contents ?? []).flatMap((entry): ObjectIdentifier[] =>
        entry.Key === undefined ? [] : [{ Key: entry.Key }],
      );
      if (objects.length === 0) return;
      const deleted = await s3.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
      );
      const failed = deleted.Errors?.[0];
      if (failed) {
        throw new HangarError('upstream_failed', {
          detail: `Tigris kept an object of ${bucket}: ${failed.Code ?? 'no code'}`,
        });
      }
    }
  }

  return {
    async ensureBucket(name) {
      try {
        await s3.send(new CreateBucketCommand({ Bucket: name }));
        return 'created';
      } catch (error) {
        if (nameOf(error) === 'BucketAlreadyOwnedByYou') return 'existed';
        if (nameOf(error) === 'BucketAlreadyExists') {
          throw new HangarError('name_taken', {
            detail: `the bucket ${name} belongs to somebody else`,
            cause: error,
          });
        }
        throw tigrisFailure(`creating bucket ${name}`, error);
      }
    },

    async emptyAndDeleteBucket(name, options = {}) {
      try {
        for (let round = 1; ; round += 1) {
          await abortUploads(name, options.signal);
          await deleteObjects(name, options.signal);
          try {
            await s3.send(new DeleteBucketCommand({ Bucket: name }));
            return;
          } catch (error) {
            if (nameOf(error) !== 'BucketNotEmpty' || round === EMPTYING_ROUNDS) throw error;
          }
        }
      } catch (error) {
        if (!isAbsent(error)) throw tigrisFailure(`deleting bucket ${name}`, error);
      }
    },

    async listBuckets() {
      try {
        const buckets: { name: string; createdAt?: Date }[] = [];
        let token: string | undefined;
        do {
          const page = await s3.send(new ListBucketsCommand({ ContinuationToken: token }));
          for (const { Name, CreationDate } of page.Buckets ?? []) {
            if (Name !== undefined) buckets.push({ name: Name, createdAt: CreationDate });
          }
          token = page.ContinuationToken;
        } while (token !== undefined && token !== '');
        return buckets;
      } catch (error) {
        throw tigrisFailure('listing buckets', error);
      }
    },
  };
}

function ignoreAbsent(error: unknown): void {
  if (!isAbsent(error)) throw error;
}
