import { HangarError, type HangarErrorOptions } from '@hangar/http';
import type { ErrorCode } from '@hangar/http';

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
    super(codes[reason], options);
    this.reason = reason;
  }
}

const codes: Readonly<Record<OutgoingReason, ErrorCode>> = {
  blocked_url: 'upstream_unreachable',
  blocked_address: 'upstream_unreachable',
  unreachable: 'upstream_unreachable',
  aborted: 'upstream_unreachable',
  timeout: 'upstream_timeout',
  answer_too_large: 'upstream_failed',
  answer_encoded: 'upstream_failed',
};
