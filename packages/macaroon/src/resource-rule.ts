import { EVERY_BIT, isWithin, type ActionMask } from './action.ts';
import { object, type Objection } from './refusal.ts';
import { actionWords, listWords } from './words.ts';

/** What a resource set is about, in words, and how its entries match. */
export interface ResourceKind<K> {
  /** "app", "machine", … */
  readonly noun: string;
  /** The key that stands for everything: 0 or the empty text. */
  readonly wildcard: K;
  matches(entry: K, requested: K): boolean;
  show(key: K): string;
}

/** Names of resources are shown up to here; a token may list thousands. */
const SHOWN = 5;

/** The resource-set rule of macaroons spec 8.2. */
export function clearResource<K>(
  kind: ResourceKind<K>,
  map: ReadonlyMap<K, ActionMask> | null,
  requested: K | undefined,
  action: ActionMask,
): Objection {
  const entries = map ?? new Map<K, ActionMask>();
  const everything = entries.get(kind.wildcard);
  if (everything !== undefined && entries.size > 1) {
    return object(
      'bad_caveat',
      `The token lists every ${kind.noun} and single ones at once, which means nothing.`,
    );
  }
  if (requested === undefined) {
    return object(
      'resource_unspecified',
      `The token is for certain ${kind.noun}s, and the request names none.`,
    );
  }
  let allowed = everything ?? EVERY_BIT;
  let found = everything !== undefined;
  if (!found) {
    for (const [entry, mask] of entries) {
      if (!kind.matches(entry, requested)) continue;
      allowed &= mask;
      found = true;
    }
  }
  if (!found) {
    return object(
      'not_for_resource',
      `The token is for ${describeKeys(kind, entries)}, not for ${kind.noun} ${kind.show(requested)}.`,
    );
  }
  if (isWithin(action, allowed)) return undefined;
  return object(
    'not_for_action',
    `The token allows ${actionWords(allowed)} on ${kind.noun} ${kind.show(requested)}, and the request needs ${actionWords(action)}.`,
  );
}

/** "app 12", "apps 12 and 13", "no app". */
export function describeKeys<K>(kind: ResourceKind<K>, map: ReadonlyMap<K, unknown>): string {
  if (map.size === 0) return `no ${kind.noun}`;
  if (map.has(kind.wildcard)) return `every ${kind.noun}`;
  const shown = [...map.keys()].slice(0, SHOWN).map((key) => kind.show(key));
  if (map.size > SHOWN) shown.push(`${map.size - SHOWN} more`);
  return `${kind.noun}${map.size === 1 ? '' : 's'} ${listWords(shown, 'and')}`;
}
