import { describe, expect, test } from 'vitest';
import { cronOf } from '../src/jobs.ts';

describe('the times of a schedule', () => {
  test.each([
    [60, '*/1 * * * *'],
    [300, '*/5 * * * *'],
    [1_800, '*/30 * * * *'],
    [3_600, '0 */1 * * *'],
    [7_200, '0 */2 * * *'],
    [86_400, '0 0 * * *'],
  ])('%d seconds', (seconds, cron) => {
    expect(cronOf(seconds)).toBe(cron);
  });

  test.each([0, -60, 30, 90, 420, 5_400, 18_000, 90_000, 172_800, Number.NaN])(
    '%d seconds are refused',
    (seconds) => {
      expect(() => cronOf(seconds)).toThrow(/is no schedule/);
    },
  );
});
