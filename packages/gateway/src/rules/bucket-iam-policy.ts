/**
 * The least that an environment's own key needs on its own bucket (docs/specs/gateway.md#storage-policy): list, read,
 * write, delete, and uploads in parts. The Deny keeps the bucket and its privacy out of reach even if somebody
 * attaches more to the key.
 */
export function storagePolicy(bucket: string): { Version: string; Statement: object[] } {
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const objects = `${bucketArn}/*`;
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'], Resource: [bucketArn] },
      {
        Effect: 'Allow',
        Action: [
          's3:GetObject',
          's3:PutObject',
          's3:DeleteObject',
          's3:AbortMultipartUpload',
          's3:ListMultipartUploadParts',
        ],
        Resource: [objects],
      },
      { Effect: 'Deny', Action: ['s3:DeleteBucket', 's3:PutBucketAcl'], Resource: [bucketArn] },
    ],
  };
}
