import { expect, test } from 'vitest';
import { nextAttempt } from '../src/webhooks/schedule.ts';

const seconds = [2, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 3600];

test('pauses grow as designed, each within a tenth, and are not all alike', () => {
  const now = new Date('2026-11-20T12:00:00Z');
  for (const [index, pause] of seconds.entries()) {
    const drawn = Array.from({ length: 50 }, (_, one) => {
      const at = nextAttempt({ id: `hook-${one}`, scheduledFrom: now }, index + 1, now);
      return ((at?.getTime() ?? 0) - now.getTime()) / 1000;
    });
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(pause * 0.9);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(pause * 1.1);
    expect(new Set(drawn).size).toBeGreaterThan(10);
  }
});

test('after three days there is no next attempt', () => {
  const scheduledFrom = new Date('2026-11-20T12:00:00Z');
  expect(nextAttempt({ id: 'a', scheduledFrom }, 80, new Date('2026-11-23T10:00:00Z'))).toBeInstanceOf(Date);
  expect(nextAttempt({ id: 'a', scheduledFrom }, 80, new Date('2026-11-23T11:30:00Z'))).toBeUndefined();
});
