import type { RouteAccess } from '@hangar/authority';
import { accessOf, environmentOf, type EnvironmentStore, planRequest } from '@hangar/gateway';

/** What a request to the gateway would ask of a token: the gateway's own table answers, for `tokens/check`. */
export function routeAccess(store: EnvironmentStore, now: () => Date): RouteAccess {
  return async ({ method, path, workspace: number }) => {
    const planned = planRequest(method, path);
    if (!planned.ok) return undefined;
    const workspace = await store.workspace(number);
    if (workspace === undefined) return undefined;
    const { app, environment: wanted } = planned.value.params;
    const found = await environmentOf(planned.value, store);
    const environment = found?.workspace === number ? found : undefined;
    if ((app ?? wanted) !== undefined && environment === undefined) return undefined;
    return accessOf(planned.value, { workspace, environment, now: now() });
  };
}
