/**
 * `@hangar/security/outgoing`: the only door through which Hangar sends HTTP. Apart from the main entry
 * because it brings undici and ipaddr.js, which a verifier of signatures does not need.
 */
export {
  createOutgoing,
  type Outgoing,
  type OutgoingAnswer,
  type OutgoingOptions,
  type OutgoingRequest,
} from './outgoing/outgoing.ts';
export { OutgoingError, type OutgoingReason } from './outgoing/outgoing-error.ts';

/** The policy itself, for checks of addresses that were configured. */
export { isPublicAddress, isPublicName } from './outgoing/address-policy.ts';

/**
 * A keep-alive pool to one origin that the operator configured; the Machines client and the gateway share it.
 */
export { createOriginPool, type OriginPoolOptions, type Dispatcher } from './outgoing/origin-pool.ts';
