import { HangarError } from '@hangar/http';

/** The name that the S3 and IAM clients give an error: the `Code` of its XML. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

const ABSENT: readonly string[] = [
  'NoSuchBucket',
  'NoSuchKey',
  'NoSuchUpload',
  'NotFound',
  'NoSuchEntity',
  'NoSuchEntityException',
];

/** Whether the thing that was to be deleted is not there: as good as deleted. */
export function isAbsent(error: unknown): boolean {
  return ABSENT.includes(nameOf(error));
}

/** A failed call as a HangarError; the message of the SDK goes to the log, where it belongs. */
export function tigrisFailure(doing: string, error: unknown): HangarError {
  if (error instanceof HangarError) return error;
  const name = nameOf(error);
  const detail = `Tigris, ${doing}: ${name}: ${error instanceof Error ? error.message : ''}`;
  if (/^(?:Timeout|Abort)Error$/.test(name))
    return new HangarError('upstream_timeout', { detail, cause: error });
  if (!hasStatus(error)) return new HangarError('upstream_unreachable', { detail, cause: error });
  return new HangarError('upstream_failed', { detail, cause: error });
}

function hasStatus(error: unknown): boolean {
  const metadata: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, '$metadata') : undefined;
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    typeof Reflect.get(metadata, 'httpStatusCode') === 'number'
  );
}
