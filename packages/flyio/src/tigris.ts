/**
 * Tigris: buckets, keys, policies. An entry of its own (`@hangar/flyio/tigris`), because it loads the AWS SDK, which costs
 * more than everything else here together.
 */
export {
  createTigrisClient,
  type AccessKeySummary,
  type PolicySummary,
  type TigrisClient,
  type TigrisClientOptions,
} from './client/tigris.ts';
