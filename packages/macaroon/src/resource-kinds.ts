import type { ResourceKind } from './resource-rule.ts';
import { quoted } from './words.ts';

const byName = (noun: string): ResourceKind<string> => ({
  noun,
  wildcard: '',
  matches: (entry, requested) => entry === requested,
  show: quoted,
});

/** The kinds of resource that tokens speak of (macaroons spec 7). */
export const APP: ResourceKind<bigint> = {
  noun: 'app',
  wildcard: 0n,
  matches: (entry, requested) => entry === requested,
  show: String,
};
export const VOLUME = byName('volume');
export const MACHINE = byName('machine');
export const CLUSTER = byName('cluster');
export const FEATURE = byName('organization feature');
export const APP_FEATURE = byName('app feature');
export const MACHINE_FEATURE = byName('machine feature');
/** Prefixes of text, with no regard to path boundaries: `https://s/b` also covers `https://s/bucket`. */
export const STORAGE_OBJECT: ResourceKind<string> = {
  ...byName('storage object'),
  matches: (entry, requested) => requested.startsWith(entry),
};
