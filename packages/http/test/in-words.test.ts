import { expect, test } from 'vitest';
import { inWords } from '@hangar/http';

const cycle: Error & { cause?: unknown } = new Error('round');
cycle.cause = cycle;

test.each([
  ['an object of a file system in WebAssembly', { name: 'ErrnoError', errno: 51 }, 'ErrnoError 51'],
  ['a string', 'no room', 'no room'],
  [
    'an error with a cause',
    new Error('it failed', { cause: new Error('ENOSPC: no space') }),
    'it failed: ENOSPC: no space',
  ],
  ['a cause that was said already', new Error('a: b', { cause: new Error('b') }), 'a: b'],
  ['an object without words', {}, 'a Object was thrown'],
  ['an error that causes itself', cycle, 'round'],
  ['nothing', undefined, 'nothing is known of the reason'],
  ['a number', 7, '7'],
])('%s is told in words', (_, thrown, words) => {
  expect(inWords(thrown)).toBe(words);
  expect(inWords(thrown)).not.toContain('[object');
});
