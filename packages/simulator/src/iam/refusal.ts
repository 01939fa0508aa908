import { xmlOf } from '../s3/wire/xml.ts';

const statuses = {
  AccessDenied: 403,
  DeleteConflict: 409,
  EntityAlreadyExists: 409,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  LimitExceeded: 409,
  MalformedPolicyDocument: 400,
  NoSuchEntity: 404,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  ValidationError: 400,
} as const;

export type IamCode = keyof typeof statuses;

/** The namespace of IAM answers. */
export const IAM_NAMESPACE = 'https://iam.amazonaws.com/doc/2010-05-08/';

/** An error of the IAM query protocol. */
export class IamRefusal extends Error {
  override readonly name = 'IamRefusal';
  readonly code: IamCode;

  constructor(code: IamCode, message: string) {
    super(message);
    this.code = code;
  }

  /** The XML that clients turn into an exception named after the code. */
  response(requestId: string, status: number = statuses[this.code]): Response {
    const body = xmlOf(
      'ErrorResponse',
      {
        Error: { Type: status >= 500 ? 'Receiver' : 'Sender', Code: this.code, Message: this.message },
        RequestId: requestId,
      },
      IAM_NAMESPACE,
    );
    return new Response(body, { status, headers: { 'content-type': 'text/xml' } });
  }
}
