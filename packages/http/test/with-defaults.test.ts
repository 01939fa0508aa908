import { expect, test } from 'vitest';
import { withDefaults } from '@hangar/http';

test('an option that is undefined is the default, as one that is absent is; zero and false are given', () => {
  const defaults = { answerMs: 30_000, tries: 3, loud: true };
  expect(withDefaults(defaults)).toEqual(defaults);
  expect(withDefaults(defaults, { answerMs: undefined, tries: 0, loud: false })).toEqual({
    answerMs: 30_000,
    tries: 0,
    loud: false,
  });
  expect(defaults).toEqual({ answerMs: 30_000, tries: 3, loud: true });
});
