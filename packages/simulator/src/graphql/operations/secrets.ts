import { Action } from '@hangar/macaroon';
import { changeSecrets } from '../../machines/apps/secrets.ts';
import { appOf, type Asked, type Mutation } from '../asked.ts';
import type { Nodes } from '../nodes/nodes.ts';

/** Secrets of apps. What is set waits for the next start of a machine, so no release comes of it. */
export function secretOperations(asked: Asked, nodes: Nodes) {
  const change = (appId: string, values: Record<string, string | null>, clientMutationId: unknown) => {
    const owned = appOf(asked, appId, Action.write);
    changeSecrets(asked.simulation, owned.app, { values });
    return { clientMutationId, app: nodes.app(owned), release: null };
  };
  return {
    setSecrets: ({
      input,
    }: Mutation<{
      appId: string;
      replaceAll?: boolean | null;
      secrets: readonly { key: string; value: string }[];
    }>) => {
      const { app } = appOf(asked, input.appId, Action.write);
      const before = input.replaceAll === true ? [...app.secrets.keys()] : [];
      return change(
        input.appId,
        {
          ...Object.fromEntries(before.map((name) => [name, null])),
          ...Object.fromEntries(input.secrets.map(({ key, value }) => [key, value])),
        },
        input.clientMutationId,
      );
    },
    unsetSecrets: ({ input }: Mutation<{ appId: string; keys: readonly string[] }>) =>
      change(input.appId, Object.fromEntries(input.keys.map((name) => [name, null])), input.clientMutationId),
  };
}
