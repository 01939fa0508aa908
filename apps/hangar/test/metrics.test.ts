import { afterEach, expect, test, vi } from 'vitest';
import { createMetrics } from '../src/http/metrics.ts';

afterEach(() => vi.useRealTimers());

const page = async (metrics = createMetrics('open')): Promise<string> =>
  await (await metrics.page(null)).text();

test('says how much waits, newly asked each time', async () => {
  const metrics = createMetrics('open');
  let waiting = 3;
  metrics.watch(async () => [{ queue: 'webhooks', waiting, oldestSeconds: 12.5 }]);
  expect(await page(metrics)).toContain('hangar_waiting{queue="webhooks"} 3');
  waiting = 0;
  const text = await page(metrics);
  expect(text).toContain('hangar_waiting{queue="webhooks"} 0');
  expect(text).toContain('hangar_waiting_oldest_seconds{queue="webhooks"} 12.5');
});

test('gives the other figures when the database fails or hangs', async () => {
  const metrics = createMetrics('open');
  metrics.task('webhooks', 'failed', 1);
  metrics.watch(async () => await Promise.reject(new Error('away')));
  const withoutIt = /^hangar_waiting\{/m;
  expect(await page(metrics)).not.toMatch(withoutIt);

  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  metrics.watch(async () => await new Promise(() => {}));
  const asked = page(metrics);
  await vi.advanceTimersByTimeAsync(1_000);
  const text = await asked;
  expect(text).not.toMatch(withoutIt);
  expect(text).toContain('hangar_task_failures_total{task="webhooks"} 1');
});
