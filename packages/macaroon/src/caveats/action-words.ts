import { Action, type ActionMask } from './action.ts';

const VERBS: readonly (readonly [number, string])[] = [
  [Action.read, 'read'],
  [Action.write, 'write'],
  [Action.create, 'create'],
  [Action.delete, 'delete'],
  [Action.control, 'control'],
];

/** The actions of a mask in words: "read and control", "anything", "nothing". */
export function actionWords(mask: ActionMask): string {
  const verbs = VERBS.filter(([bit]) => (mask & bit) !== 0).map(([, verb]) => verb);
  if (verbs.length === 0) return 'nothing';
  return verbs.length === VERBS.length ? 'anything' : listWords(verbs, 'and');
}

/** "a", "a and b", "a, b and c". */
export function listWords(words: readonly string[], conjunction: 'and' | 'or'): string {
  if (words.length <= 1) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
}

/** A value that came in a token, made safe to print: quoted, control characters escaped, cut at 80 characters. */
export function quoted(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(cut);
}

/** Unix seconds as a date people can read; UTC. */
export function timeWords(seconds: number | bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString().replace('.000Z', 'Z');
}

const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** A length of time in its largest whole unit: "10 minutes", "90 seconds". */
export function durationWords(seconds: number | bigint): string {
  const count = BigInt(seconds);
  for (const [size, unit] of UNITS) {
    const whole = count / BigInt(size);
    if (whole > 0n && count % BigInt(size) === 0n) return `${whole} ${unit}${whole === 1n ? '' : 's'}`;
  }
  return '0 seconds';
}
