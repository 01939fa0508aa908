import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { silentLog, systemClock } from '@hangar/http';
import { createOutgoing } from '@hangar/security/outgoing';
import { followPlatformClock, type FollowedClock } from '../src/house/platform-clock.ts';

const DAY_MS = 86_400_000;

let server: Server | undefined;
let clock: FollowedClock | undefined;
afterEach(() => {
  clock?.stop();
  server?.close();
  server?.closeAllConnections();
});

test('a platform on a busy machine is waited for: nothing is judged by a clock that nobody has set', async () => {
  // Longer than the pause between later questions, whose answers nobody waits for.
  const answersAfterMs = 1_200;
  server = createServer((_, outgoing) => {
    setTimeout(() => outgoing.end(JSON.stringify({ offset_ms: DAY_MS })), answersAfterMs);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  clock = await followPlatformClock(origin, createOutgoing({ allowedOrigins: [origin] }), silentLog);
  const aheadMs = clock.now().getTime() - systemClock().getTime();
  expect(Math.round(aheadMs / 1000)).toBe(DAY_MS / 1000);
});
