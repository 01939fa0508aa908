import { EVERY_BIT, isWithin, type ActionMask } from '../caveats/action.ts';
import { objection, type Objection } from './refusal.ts';
import { actionWords, listWords } from '../caveats/action-words.ts';

/** What a resource set is about, in words, and how its entries match. */
export interface ResourceKind<K> {
  /** "app", "machine", … */
  readonly noun: string;
  /** The key that stands for everything: 0 or the empty text. */
  readonly wildcard: K;
  /** Whether an entry covers everything that begins like it. */
  readonly byPrefix: boolean;
  matches(entry: K, requested: K): boolean;
  show(key: K): string;
}

/** Names of resources are shown up to here; a token may list thousands. */
const SHOWN = 5;

/**
 * Why a set clears nothing, whatever is asked: one entry for everything beside others. The reference calls it a bad caveat,
 * and looks at it before the request.
 */
export function contradiction<K>(
  kind: ResourceKind<K>,
  map: ReadonlyMap<K, ActionMask> | null,
): string | undefined {
  if (map === null || map.size < 2 || !map.has(kind.wildcard)) return undefined;
  return `it lists every ${kind.noun} and single ones at once, which means nothing`;
}

/** The actions that a set without contradiction allows on one resource; undefined for a resource that it does not cover. */
export function allowedOn<K>(
  kind: ResourceKind<K>,
  entries: ReadonlyMap<K, ActionMask>,
  requested: K,
): ActionMask | undefined {
  const everything = entries.get(kind.wildcard);
  if (everything !== undefined) return everything;
  let allowed: ActionMask | undefined;
  for (const [entry, mask] of entries) {
    // Several entries can match where they are prefixes: only what all of them allow is allowed.
    if (kind.matches(entry, requested)) allowed = (allowed ?? EVERY_BIT) & mask;
  }
  return allowed;
}

/** What each entry allows on itself: where it continues a shorter prefix, no more than that one does. */
export function allowedOnEach<K>(
  kind: ResourceKind<K>,
  entries: ReadonlyMap<K, ActionMask>,
): { readonly allowed: ReadonlyMap<K, ActionMask>; readonly nested: boolean } {
  if (!kind.byPrefix) return { allowed: entries, nested: false };
  const allowed = new Map<K, ActionMask>();
  // In the order of text everything that continues a prefix follows it directly.
  const shorter: (readonly [K, ActionMask])[] = [];
  let nested = false;
  for (const [key, mask] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    while (shorter.length > 0 && !kind.matches(shorter.at(-1)![0], key)) shorter.pop();
    const outer = shorter.at(-1);
    const together = outer === undefined ? mask : outer[1] & mask;
    nested ||= outer !== undefined;
    shorter.push([key, together]);
    allowed.set(key, together);
  }
  return { allowed, nested };
}

/** The resource-set rule of docs/specs/token-format.md#resource-sets. */
export function clearResource<K>(
  kind: ResourceKind<K>,
  map: ReadonlyMap<K, ActionMask> | null,
  requested: K | undefined,
  action: ActionMask,
): Objection {
  const wrong = contradiction(kind, map);
  if (wrong !== undefined) return objection('bad_caveat', `The token clears nothing: ${wrong}.`);
  if (requested === undefined) {
    return objection(
      'resource_unspecified',
      `The token is for certain ${kind.noun}s, and the request names none.`,
    );
  }
  const entries = map ?? new Map<K, ActionMask>();
  const allowed = allowedOn(kind, entries, requested);
  if (allowed === undefined) {
    return objection(
      'not_for_resource',
      `The token is for ${describeKeys(kind, entries)}, not for ${kind.noun} ${kind.show(requested)}.`,
    );
  }
  if (isWithin(action, allowed)) return undefined;
  return objection(
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
  return `${kind.noun}${map.size === 1 ? '' : 's'}${kind.byPrefix ? ' under' : ''} ${listWords(shown, 'and')}`;
}
