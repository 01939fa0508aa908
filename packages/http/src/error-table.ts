/** Every word that may stand in the `code` member of an error answer. Closed: clients switch on it. */
export type ErrorCode =
  | 'unauthorized'
  | 'bad_request'
  | 'invalid'
  | 'not_found'
  | 'conflict'
  | 'name_taken'
  | 'immutable'
  | 'plan_required'
  | 'region_unavailable'
  | 'too_large'
  | 'unsupported_media_type'
  | 'method_not_allowed'
  | 'rate_limited'
  | 'internal'
  | 'unavailable'
  | 'token_missing'
  | 'token_malformed'
  | 'token_truncated'
  | 'token_expired'
  | 'token_revoked'
  | 'token_unknown_key'
  | 'token_bad_signature'
  | 'token_wrong_location'
  | 'discharge_required'
  | 'discharge_invalid'
  | 'discharge_expired'
  | 'caveat_denied'
  | 'policy_denied'
  | 'org_not_allowed'
  | 'not_a_member'
  | 'gone'
  | 'state_conflict'
  | 'upstream_unreachable'
  | 'upstream_timeout'
  | 'upstream_failed'
  | 'hook_failed'
  | 'not_ready'
  | 'config_invalid'
  | 'header_too_large'
  | 'request_timeout'
  | 'expectation_failed'
  | 'csrf_refused'
  | 'login_required'
  | 'login_failed';

/** One row of the table. */
export interface ErrorRow {
  /** The HTTP status, unless the thrower names another. */
  readonly status: number;
  /** Whether the same request may succeed later, unchanged. */
  readonly retryable: boolean;
  /** Whether the thrower may replace the public sentence. Off where the reason would help an attacker. */
  readonly expose: boolean;
  /** What the outside hears. */
  readonly sentence: string;
  /** What it means and what to do, for docs/errors.md. */
  readonly meaning: string;
  /** `Retry-After` when the thrower names none, in seconds. */
  readonly retryAfterSeconds?: number;
}

type Told = { retry?: true; silent?: true; after?: number };

function row(status: number, sentence: string, meaning: string, told: Told = {}): ErrorRow {
  return {
    status,
    retryable: told.retry ?? false,
    expose: !told.silent,
    sentence,
    meaning,
    retryAfterSeconds: told.after,
  };
}

/** The one table of errors: code to status, public sentence and meaning. */
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = {
  unauthorized: row(
    401,
    'invalid signature',
    'The request could not be authenticated: signature, timestamp, url or nonce. Which of them is in the log only.',
    { silent: true },
  ),
  bad_request: row(
    400,
    'the request could not be read',
    'Not JSON in UTF-8, or a query that does not parse.',
  ),
  invalid: row(
    422,
    'some fields are missing or malformed',
    'The `fields` member names each field and its fault.',
  ),
  not_found: row(404, 'not found', 'It does not exist, or it is not yours; the answer does not say which.'),
  conflict: row(
    409,
    'this conflicts with what exists',
    'The same id with other content, or another operation is running.',
  ),
  name_taken: row(409, 'the name is unavailable, already taken', 'Choose another name.'),
  immutable: row(422, 'this cannot be changed', 'The field is fixed when the resource is made.'),
  plan_required: row(
    402,
    'this needs a larger plan',
    'The allowance of the plan is used up; the text says how to upgrade.',
  ),
  region_unavailable: row(422, 'the region is not offered', 'Ask for one of the regions the answer names.'),
  too_large: row(413, 'the request is too large', 'The body is over the limit of this route.'),
  unsupported_media_type: row(
    415,
    'the content type is not supported',
    'Send JSON, without a Content-Encoding.',
  ),
  method_not_allowed: row(
    405,
    'the method is not allowed here',
    'The `Allow` header lists the methods of this path.',
  ),
  rate_limited: row(429, 'too many requests', 'Wait as long as `Retry-After` says.', {
    retry: true,
    after: 1,
  }),
  internal: row(500, 'something went wrong on our side', 'A defect. The request id leads to it in the log.', {
    silent: true,
  }),
  unavailable: row(503, 'temporarily unavailable', 'A dependency is down; nothing was changed. Try again.', {
    retry: true,
    silent: true,
    after: 5,
  }),
  token_missing: row(401, 'an access token is needed', 'Send `Authorization: FlyV1 fm2_…`.'),
  token_malformed: row(
    401,
    'the access token could not be read',
    'Not a macaroon, or not in canonical form. Was it copied whole?',
  ),
  token_truncated: row(
    401,
    'the access token is cut off',
    'The text ends early, as when a shell or a field limit cut it.',
  ),
  token_expired: row(401, 'the access token has expired', 'Its validity window has passed. Mint another.'),
  token_revoked: row(
    401,
    'the access token was revoked',
    'It, or the token it was narrowed from, was revoked.',
  ),
  token_unknown_key: row(
    401,
    'the access token was not issued here',
    'Its key id is unknown: another installation made it, or its key was retired.',
  ),
  token_bad_signature: row(
    401,
    'the access token is not valid',
    'The signature chain does not hold: a caveat was changed or removed.',
  ),
  token_wrong_location: row(
    401,
    'the access token is for another service',
    'Its location is not the one this door accepts.',
  ),
  discharge_required: row(
    401,
    'the access token needs a discharge',
    'A third party must confirm first; the answer names its location.',
  ),
  discharge_invalid: row(
    401,
    'a discharge does not belong to the token',
    'Made for another ticket, bound to another token, or forged.',
  ),
  discharge_expired: row(401, 'a discharge has expired', 'Ask the third party for a fresh one.'),
  caveat_denied: row(
    403,
    'the access token does not allow this',
    'The answer names the caveat that refused, in words.',
  ),
  policy_denied: row(
    403,
    'the policy does not allow this',
    "The operator's policy or a limit of the workspace refuses it; `rule` says which, `limit` how much it allows.",
  ),
  org_not_allowed: row(
    403,
    'the organization is not allowed here',
    'It is not among the organizations the operator listed.',
  ),
  not_a_member: row(
    403,
    'you are not a member of the organization',
    'Sign in as a member of the organization that owns this.',
  ),
  gone: row(410, 'it was deleted', 'It existed and was deleted; it will not come back.'),
  state_conflict: row(
    409,
    'this is not possible in the present state',
    'The answer names the state; wait for another, or change it.',
  ),
  upstream_unreachable: row(
    502,
    'Fly.io could not be reached',
    'No connection, or it broke before the request was sent. Nothing was changed.',
    { retry: true },
  ),
  upstream_timeout: row(
    504,
    'Fly.io did not answer in time',
    'The request may have taken effect; look before you repeat it.',
  ),
  upstream_failed: row(
    502,
    'Fly.io answered with something unexpected',
    'An answer that could not be used; the log has its status.',
  ),
  hook_failed: row(
    502,
    'the provider could not complete this',
    "The seller's own code failed or took too long.",
    { retry: true },
  ),
  not_ready: row(503, 'not ready yet', 'Starting, or waiting for the database or a key. Try again.', {
    retry: true,
    after: 2,
  }),
  config_invalid: row(
    500,
    'the configuration is not valid',
    'Start is refused; every problem is listed at once.',
  ),
  header_too_large: row(431, 'the request headers are too large', 'Usually a bundle with too many tokens.'),
  request_timeout: row(
    408,
    'the request took too long',
    'It did not arrive whole in time, or what it waited for did not happen in time. Send it again.',
    { retry: true },
  ),
  expectation_failed: row(
    417,
    'the Expect header asks for something that is not offered',
    'Only `Expect: 100-continue` is known.',
  ),
  csrf_refused: row(
    403,
    'the request did not come from this page',
    'The cross-site check failed; reload the page.',
  ),
  login_required: row(401, 'sign in first', 'There is no session, or it has ended.'),
  login_failed: row(
    403,
    'signing in failed',
    'The sign-in was refused, replayed, or came back to another browser. Start again.',
  ),
};

/** One line of the generated error reference. */
export interface ErrorReferenceRow extends ErrorRow {
  readonly code: ErrorCode;
}

/** The table as rows in its own order, for generating docs/errors.md. Pure: the same rows at every call. */
export function errorReference(): readonly ErrorReferenceRow[] {
  return Object.entries(errorTable).map(([code, entry]) => ({ code: code as ErrorCode, ...entry }));
}
