import {
  Action,
  appsAllowing,
  LOCATIONS,
  type Macaroon,
  organizationScope,
  parseBundle,
} from '@hangar/macaroon';

/** What the token that asks may do itself. */
export type Presented =
  | { readonly tag: 'personal' }
  | { readonly tag: 'unread' }
  | { readonly tag: 'token'; readonly writes: boolean; readonly apps: number | undefined };

/** Read from the text of the token alone; nobody is asked. */
export function presentedBy(text: string, now: Date): Presented {
  const bundle = parseBundle(text, LOCATIONS.permission);
  if (!bundle.ok) return { tag: /fo1_/.test(text) ? 'personal' : 'unread' };
  const { permission, other } = bundle.value;
  if (other.length > 0 && permission.length === 0) return { tag: 'personal' };
  const organized = permission.filter(({ caveats }) => organizationScope(caveats).ok);
  if (organized.length === 0) return { tag: 'unread' };
  const read = reach(organized, Action.read, now);
  return {
    tag: 'token',
    writes: [Action.write, Action.create, Action.delete, Action.control].some(
      (action) => reach(organized, action, now) !== 0,
    ),
    apps: read,
  };
}

/** On how many apps one of the tokens allows an action; undefined for all of them. */
function reach(tokens: readonly Macaroon[], action: number, now: Date): number | undefined {
  let most = 0;
  for (const { caveats } of tokens) {
    const allowed = appsAllowing(caveats, action, now);
    if (!allowed.ok) continue;
    if (allowed.value === undefined) return undefined;
    most = Math.max(most, allowed.value.length);
  }
  return most;
}
