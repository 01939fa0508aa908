import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '@hangar/gateway';
import { REQUEST_TIMEOUT_MS } from '../../apps/hangar/src/http/server.ts';
import { UPSTREAM_SLACK_SECONDS } from '../../packages/gateway/src/operations/exec.ts';
import { SLOW_PATIENCE_MS } from '../../packages/gateway/src/operations/forward.ts';
import { LONGEST_WAIT_MS } from '../../packages/gateway/src/reserve/idempotency.ts';
import { NAME_HOLD_MS } from '../../packages/gateway/src/making/name-hold.ts';

test('a name is held for longer than any request about its old environment can live', () => {
  const upstream = Math.max(
    SLOW_PATIENCE_MS,
    (DEFAULT_POLICY.maxExecSeconds + UPSTREAM_SLACK_SECONDS) * 1000,
  );
  // Until its body is there, while another request with the same key works, and upstream.
  expect(NAME_HOLD_MS).toBeGreaterThan(REQUEST_TIMEOUT_MS + LONGEST_WAIT_MS + upstream);
});
