import type { Release } from './release.ts';
import type { World } from '../world/world.ts';

/** The releases of an app, newest first. */
export function releasesOf(world: World, app: string): Release[] {
  return [...world.releases.values()].filter((one) => one.app === app).toReversed();
}

/**
 * The release that an app runs: the newest that has not failed. flyctl takes the strategy of the next deployment from it, so one that
 * failed for its strategy would make the next one fail as well.
 */
export function currentRelease(world: World, app: string): Release | undefined {
  return releasesOf(world, app).find((one) => one.status !== 'failed');
}

/** True until whoever makes the release has said how it ended. */
export function inProgress(release: Release): boolean {
  return release.status === 'pending' || release.status === 'running';
}
