import { HangarError } from '@hangar/http';

/**
 * How long the name of an environment that is gone stays out of other workspaces' reach
 * (docs/specs/gateway.md#names-of-the-gone). Shorter than the longest request, and one that was allowed about the old
 * app could end in a stranger's new one; longer, and people wait for a name that nobody can confuse any more. Its own
 * workspace may take it again at once. Enforced where a name is taken: `whoHolds` of the store's gateway adapter.
 */
export const NAME_HOLD_MS = 120_000;

/** Names of environments that ended after this are still held against other workspaces. */
export function heldSince(now: Date): Date {
  return new Date(now.getTime() - NAME_HOLD_MS);
}

/** What upstream says of a name that somebody has, in its words. */
export function nameTaken(): HangarError {
  return new HangarError('name_taken', {
    status: 422,
    public: 'Validation failed: Name has already been taken',
    extra: { status: 'name_taken' },
  });
}
