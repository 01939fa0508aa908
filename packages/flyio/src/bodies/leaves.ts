import type { Leaf } from './schema.ts';

/** How a leaf is told from others, and what it is called in a refusal. */
interface LeafForm {
  readonly fits: (value: unknown) => boolean;
  readonly wanted: string;
  /** For a map from free names: what each value is. */
  readonly each?: LeafForm;
}

/** `1h15m30.5s`, as Go's time.ParseDuration reads it; upstream takes bare seconds in a text as well. */
const DURATION = /^(?:[0-9]{1,18}|(?:[0-9]{1,18}(?:\.[0-9]{1,9})?(?:ns|us|µs|μs|ms|s|m|h)){1,8})$/;

const isText = (value: unknown): value is string => typeof value === 'string';
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isCount = (value: unknown): value is number => isWhole(value) && value >= 0;

const isMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TEXT: LeafForm = { fits: isText, wanted: 'a text' };
const COUNT: LeafForm = { fits: isCount, wanted: 'a whole number, 0 or more' };
const TEXTS: LeafForm = { fits: isMap, wanted: 'an object of texts', each: TEXT };
const CHANGES: LeafForm = {
  ...TEXTS,
  each: { fits: (value) => value === null || isText(value), wanted: 'a text, or null to remove it' },
};

/** Every leaf there is. */
export const LEAVES: Readonly<Record<Leaf, LeafForm>> = {
  text: TEXT,
  flag: { fits: isFlag, wanted: 'true or false' },
  count: COUNT,
  whole: { fits: isWhole, wanted: 'a whole number' },
  number: { fits: (value) => Number.isFinite(value), wanted: 'a number' },
  duration: {
    fits: (value) => isCount(value) || (isText(value) && (value === '' || DURATION.test(value))),
    wanted: 'a time such as 15s or 1m30s',
  },
  'text-or-flag': { fits: (value) => isText(value) || isFlag(value), wanted: 'a text, true or false' },
  'text-or-count': { fits: (value) => isText(value) || isCount(value), wanted: 'a text or a whole number' },
  'header-value': {
    fits: (value) => isText(value) || isFlag(value) || (Array.isArray(value) && value.every(isText)),
    wanted: 'a text, a list of texts, true or false',
  },
  image: TEXT,
  region: TEXT,
  'cpu-kind': TEXT,
  cpus: COUNT,
  memory: COUNT,
  preset: TEXT,
  gigabytes: COUNT,
  volume: TEXT,
  'volume-id': TEXT,
  variable: TEXT,
  variables: TEXTS,
  metadata: TEXTS,
  'metadata-changes': CHANGES,
  'secret-changes': CHANGES,
};
