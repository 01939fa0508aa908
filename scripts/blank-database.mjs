// Makes the database that the first start of an installation copies instead of making one.
import { makeBlankDatabase } from '../packages/store/dist/index.js';

await makeBlankDatabase([
  'authority.prune-flows',
  'authority.prune-revocations',
  'authority.prune-tokens',
  'authority.reseal-keys',
  'gateway-audit',
  'gateway-power',
  'gateway-pruning',
  'provider.sweep',
]);
