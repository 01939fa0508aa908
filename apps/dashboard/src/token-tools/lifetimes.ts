const HOUR = 3600;
const DAY = 24 * HOUR;

/** Lifetimes to choose from; in seconds, because that is what tokens are made of. */
export const LIFETIMES: readonly { readonly seconds: number; readonly words: string }[] = [
  { seconds: 900, words: '15 minutes' },
  { seconds: HOUR, words: '1 hour' },
  { seconds: 8 * HOUR, words: '8 hours' },
  { seconds: DAY, words: '1 day' },
  { seconds: 7 * DAY, words: '7 days' },
  { seconds: 30 * DAY, words: '30 days' },
  { seconds: 90 * DAY, words: '90 days' },
  { seconds: 365 * DAY, words: '1 year' },
];

/** A lifetime in the words of the list, or in whole days. */
export function lifetimeWords(seconds: number): string {
  const listed = LIFETIMES.find((lifetime) => lifetime.seconds === seconds)?.words;
  return listed ?? `${Math.round(seconds / DAY)} days`;
}
