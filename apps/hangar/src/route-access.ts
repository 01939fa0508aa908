import type { RouteAccess } from '@hangar/authority';
import { accessOf, type EnvironmentStore, planRequest } from '@hangar/gateway';

/** What a request to the gateway would ask of a token: the gateway's own table answers, for `tokens/check`. */
export function routeAccess(store: EnvironmentStore, now: () => Date): RouteAccess {
  return async ({ method, path, workspace: number }) => {
    const planned = planRequest(method, path);
    if (!planned.ok) return undefined;
    const workspace = await store.workspace(number);
    if (workspace === undefined) return undefined;
    const { app, environment: wanted } = planned.value.params;
    const name = app ?? wanted;
    const found = name === undefined ? undefined : await findEnvironment(store, name);
    const environment = found?.workspace === number ? found : undefined;
    if (name !== undefined && environment === undefined) return undefined;
    return accessOf(planned.value, { workspace, environment, now: now() });
  };
}

/** An environment is asked for by its name or, on our own paths, by its id; no name looks like an id. */
async function findEnvironment(store: EnvironmentStore, name: string) {
  return name.startsWith('env_') ? await store.environment(name) : await store.environmentNamed(name);
}
