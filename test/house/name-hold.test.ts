import { expect, test } from 'vitest';
import { defaultPolicy } from '@hangar/gateway';
import { REQUEST_TIMEOUT_MS } from '../../apps/hangar/src/http/server.ts';
import { upstreamSlackSeconds } from '../../packages/gateway/src/operations/exec.ts';
import { slowPatienceMs } from '../../packages/gateway/src/operations/forward.ts';
import { longestWaitMs } from '../../packages/gateway/src/reserve/idempotency.ts';
import { NAME_HOLD_MS } from '../../packages/gateway/src/making/name-hold.ts';

test('a name is held for longer than any request about its old environment can live', () => {
  const upstream = Math.max(slowPatienceMs, (defaultPolicy.maxExecSeconds + upstreamSlackSeconds) * 1000);
  // Until its body is there, while another request with the same key works, and upstream.
  expect(NAME_HOLD_MS).toBeGreaterThan(REQUEST_TIMEOUT_MS + longestWaitMs + upstream);
});
