import { HangarError } from '@hangar/http';
import type { EnvironmentStore } from '@hangar/gateway';

/** Rows of a database that goes away and comes back. Its failures are wrapped, as the query builder wraps them. */
export function outage(store: EnvironmentStore) {
  let isAway = false;
  const shielded = new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        if (isAway) {
          const cause = new HangarError('unavailable', { detail: 'the database cannot be reached' });
          throw new Error('Failed query', { cause });
        }
        return await (Reflect.apply(member, target, args) as Promise<unknown>);
      };
    },
  });
  return {
    store: shielded,
    begin: (): void => {
      isAway = true;
    },
    end: (): void => {
      isAway = false;
    },
  };
}
