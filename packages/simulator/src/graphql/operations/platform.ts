import { NEAREST_REGION, REGIONS } from '../../machines/request/regions.ts';
import { imageReference } from '../../machines/machine/wire.ts';
import type { Asked } from '../asked.ts';
import type { Node } from '../nodes/nodes.ts';

/** Regions and images: what the platform has for everybody. */
export function platformOperations({ simulation, viewer }: Asked) {
  return {
    platform: () => ({ requestRegion: NEAREST_REGION, regions: REGIONS.map(regionNode) }),
    nearestRegion: () => REGIONS.filter((one) => one.code === NEAREST_REGION).map(regionNode)[0],
    canPerformBluegreenDeployment: () => true,
    appNameAvailable: ({ name }: { name: string }) => !simulation.world.apps.has(name),
    // Nothing newer than what runs is ever published: otherwise every status would speak of updates.
    latestImageDetails: ({ image }: { image: string }) => {
      const { world } = simulation;
      for (const machine of world.machines.values()) {
        const app = world.apps.get(machine.app);
        const owner = world.organizations.get(app?.organization ?? '');
        if (!app || !owner || !viewer.sees(owner, app)) continue;
        const running = imageReference(machine.config);
        if (`${String(running['repository'])}:${String(running['tag'])}` === image) return running;
      }
      return imageReference({ image });
    },
  };
}

/** A region in GraphQL. */
export function regionNode({ name, code, latitude, longitude }: (typeof REGIONS)[number]): Node {
  return {
    name,
    code,
    latitude,
    longitude,
    gatewayAvailable: true,
    requiresPaidPlan: false,
    deprecated: false,
  };
}
