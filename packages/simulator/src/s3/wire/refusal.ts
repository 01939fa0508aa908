import { xmlOf } from './xml.ts';

/** Codes and statuses of the S3 errors that the simulator answers with. */
const statuses = {
  AccessDenied: 403,
  AccessForbidden: 403,
  AuthorizationHeaderMalformed: 400,
  BadDigest: 400,
  BucketAlreadyExists: 409,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidPart: 400,
  InvalidPartNumber: 416,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidPolicyDocument: 400,
  InvalidRequest: 400,
  InvalidTag: 400,
  MalformedPOSTRequest: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchCORSConfiguration: 404,
  NoSuchKey: 404,
  NoSuchLifecycleConfiguration: 404,
  NoSuchTagSet: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type S3Code = keyof typeof statuses;

/** An error of S3: a code, a sentence, a status that follows from the code. */
export class S3Refusal extends Error {
  override readonly name = 'S3Refusal';
  readonly code: S3Code;

  constructor(code: S3Code, message: string) {
    super(message);
    this.code = code;
  }

  /** The XML that clients turn into an exception of that name. */
  response(resource: string, requestId: string): Response {
    const body = xmlOf('Error', {
      Code: this.code,
      Message: this.message,
      Resource: resource,
      RequestId: requestId,
    });
    return new Response(body, {
      status: statuses[this.code],
      headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId },
    });
  }
}

/** The refusal that stands for a simulated fault of that status. */
export function faultRefusal(status: number): S3Refusal {
  if (status === 503) return new S3Refusal('SlowDown', 'Please reduce your request rate.');
  if (status === 403) return new S3Refusal('AccessDenied', 'Access Denied');
  return new S3Refusal('InternalError', 'We encountered an internal error. Please try again.');
}
