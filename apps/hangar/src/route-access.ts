import type { RouteAccess } from '@hangar/authority';
import { accessOf, type EnvironmentStore, planRequest } from '@hangar/gateway';

/** What a request to the gateway would ask of a token: the gateway's own table answers, for `tokens/check`. */
export function routeAccess(store: EnvironmentStore, now: () => Date): RouteAccess {
  return async ({ method, path, workspace: number }) => {
    const planned = planRequest(method, path);
    if (!planned.ok) return undefined;
    const workspace = await store.workspace(number);
    if (workspace === undefined) return undefined;
    const name = planned.value.params['app'];
    const found = name === undefined ? undefined : await store.environmentNamed(name);
    const environment = found?.workspace === number ? found : undefined;
    if (name !== undefined && environment === undefined) return undefined;
    return accessOf(planned.value, { workspace, environment, now: now() });
  };
}
