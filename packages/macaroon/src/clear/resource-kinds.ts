import type { ActionMask } from '../caveats/action.ts';
import type { Caveat } from '../caveats/caveat.ts';
import type { ResourceKind } from './resource-rule.ts';
import { quoted } from '../caveats/action-words.ts';

const byName = (noun: string): ResourceKind<string> => ({
  noun,
  wildcard: '',
  byPrefix: false,
  matches: (entry, requested) => entry === requested,
  show: quoted,
});

/** The kinds of resource that tokens speak of (docs/specs/token-format.md#caveat-catalogue). */
export const APP: ResourceKind<bigint> = {
  noun: 'app',
  wildcard: 0n,
  byPrefix: false,
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
  byPrefix: true,
  matches: (entry, requested) => requested.startsWith(entry),
};

/** Looks at the resource set of a caveat, whatever its keys are; undefined for a caveat that holds none. */
export function withResourceSet<T>(
  caveat: Caveat,
  look: <K>(kind: ResourceKind<K>, map: ReadonlyMap<K, ActionMask> | null) => T,
): T | undefined {
  switch (caveat.type) {
    case 'Apps':
      return look(APP, caveat.apps);
    case 'Volumes':
      return look(VOLUME, caveat.volumes);
    case 'Machines':
      return look(MACHINE, caveat.machines);
    case 'Clusters':
      return look(CLUSTER, caveat.clusters);
    case 'FeatureSet':
      return look(FEATURE, caveat.features);
    case 'AppFeatureSet':
      return look(APP_FEATURE, caveat.features);
    case 'MachineFeatureSet':
      return look(MACHINE_FEATURE, caveat.features);
    case 'StorageObjects':
      return look(STORAGE_OBJECT, caveat.prefixes);
    default:
      return undefined;
  }
}
