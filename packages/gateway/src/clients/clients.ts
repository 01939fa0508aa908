import type { Executor } from './graphql/executor.ts';
import type { OwnDoor } from './asking.ts';

/** What clients of api.fly.io need beside the rest of the gateway. */
export interface Clients {
  readonly own: OwnDoor;
  /** The library and the schema are loaded by the first document. */
  readonly graphql: () => Promise<Executor>;
}

/** Makes them over the gateway's own door. */
export function createClients(own: OwnDoor): Clients {
  let executor: Promise<Executor> | undefined;
  return {
    own,
    graphql: async () => {
      executor ??= import('./graphql/executor.ts').then(({ createExecutor }) => createExecutor());
      return await executor;
    },
  };
}
