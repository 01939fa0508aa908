import { expect, test } from 'vitest';
import { ascendingUlids } from '../src/ids.ts';

test('ids of one moment ascend, and those of a clock that goes back too', () => {
  const times = [5, 5, 5, 4, 1_795_829_973_000, 1_795_829_973_000, 3];
  const next = ascendingUlids(() => times.shift() ?? 9);
  const ids = Array.from({ length: 2_000 }, () => next());
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
});
