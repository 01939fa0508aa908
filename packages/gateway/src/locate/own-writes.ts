import type { EnvironmentStore } from '../ports.ts';
import type { LocatorMemory } from './memory.ts';

/** The same store, except that what it writes is forgotten before the write is answered; the feed tells the others. */
export function forgettingOwnWrites(store: EnvironmentStore, memory: LocatorMemory): EnvironmentStore {
  const writing: Pick<EnvironmentStore, 'claim' | 'record' | 'closeWorkspace'> = {
    claim: async (wanted) => await thenForget(store.claim(wanted), 'environment', wanted.id),
    record: async (wanted) => await thenForget(store.record(wanted), 'environment', wanted.id),
    closeWorkspace: async (number, at) =>
      await thenForget(store.closeWorkspace(number, at), 'workspace', number.toString()),
  };
  return Object.assign(Object.create(store) as EnvironmentStore, writing);

  /** Also when it failed: it may have been written all the same. */
  async function thenForget<T>(
    write: Promise<T>,
    kind: 'environment' | 'workspace',
    subject: string,
  ): Promise<T> {
    try {
      return await write;
    } finally {
      memory.forget({ kind, subject });
    }
  }
}
