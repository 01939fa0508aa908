import { LOCATIONS } from '@hangar/macaroon';
import { AUTHENTICATION_PATH, NEW_AUTHENTICATION_PATH } from './paths.ts';

/** Fly.io's own third parties by location, each below a path of the simulated api.fly.io: `https://auth.fly.io` is its root. */
export const LOCATIONS_BY_PATH: readonly (readonly [path: string, location: string])[] = [
  [AUTHENTICATION_PATH, LOCATIONS.authentication],
  [NEW_AUTHENTICATION_PATH, LOCATIONS.newAuthentication],
];

/** Where that third party is on the simulator's own address, which a client can reach without knowing who plays api.fly.io. */
export function loopbackLocation(origin: string, location: string): string {
  const [path] = LOCATIONS_BY_PATH.find(([, each]) => each === location) ?? [''];
  return `${origin}${path}`;
}

/** Whether a location is one that `loopbackLocation` made: nothing but this machine answers there. */
export function isLoopbackLocation(location: string): boolean {
  return /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?(?:\/aaa\/v1)?$/.test(location);
}
