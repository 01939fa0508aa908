import { randomBase36 } from '../ids.ts';
import type { Simulation } from '../simulation.ts';
import type { App } from '../world/platform.ts';
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

/** Writes down a new release of an app. */
export function createRelease(
  { world, clock }: Simulation,
  app: App,
  order: { imageRef: string; strategy: string; definition: unknown; user: string },
): Release {
  const release: Release = {
    ...order,
    id: randomBase36(20),
    app: app.name,
    version: (releasesOf(world, app.name)[0]?.version ?? 0) + 1,
    createdAtMs: clock.nowMs(),
    status: 'pending',
  };
  world.releases.set(release.id, release);
  return release;
}

/** How a release goes on. */
export function updateRelease(
  { world }: Simulation,
  release: Release,
  status: string,
  metadata: unknown,
): void {
  release.status = status;
  if (metadata !== null && metadata !== undefined) release.metadata = metadata;
  world.releases.changed(release.id);
}
