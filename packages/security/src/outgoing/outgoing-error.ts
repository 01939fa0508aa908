import { HangarError, type HangarErrorOptions } from '../errors.ts';
import type { ErrorCode } from '../error-table.ts';

/** What went wrong with a request of ours. `blocked` never touched the network. */
export type OutgoingReason =
  | 'blocked_url'
  | 'blocked_address'
  | 'unreachable'
  | 'timeout'
  | 'aborted'
  | 'answer_too_large'
  | 'answer_encoded';

/** A request that was not sent, or has no usable answer. An answer of any status is not an error. */
export class OutgoingError extends HangarError {
  readonly reason: OutgoingReason;

  constructor(reason: OutgoingReason, options: HangarErrorOptions = {}) {
    super(codeOf(reason), options);
    this.reason = reason;
  }
}

function codeOf(reason: OutgoingReason): ErrorCode {
  switch (reason) {
    case 'timeout':
      return 'upstream_timeout';
    case 'answer_too_large':
    case 'answer_encoded':
      return 'upstream_failed';
    case 'blocked_url':
    case 'blocked_address':
    case 'unreachable':
    case 'aborted':
      return 'upstream_unreachable';
  }
}
