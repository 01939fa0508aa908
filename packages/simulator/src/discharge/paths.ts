/** Each third party of Fly.io is played below a path of the simulated api.fly.io; `https://auth.fly.io` is its root. */
export const AUTHENTICATION_PATH = '/aaa/v1';
export const NEW_AUTHENTICATION_PATH = '';

/** Where a ticket is brought, below either. */
export const START_PATH = '/.well-known/macfly/3p';

/** Whether a path belongs to the discharge service, whose faults are its own. */
export function isDischargePath(path: string): boolean {
  return [AUTHENTICATION_PATH, NEW_AUTHENTICATION_PATH].some(
    (base) => path === `${base}${START_PATH}` || path.startsWith(`${base}/discharges/`),
  );
}
