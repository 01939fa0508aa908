import { settle, type SimulatorOptions } from './options.ts';
import { simulatorOf, type Simulator } from './simulator.ts';
import { openState } from './world/kept/state-file.ts';
import { stateInMemory } from './world/state.ts';

/**
 * Creates a simulation. It opens no port: see `listen`. With `state` the world is loaded from that file and what stands
 * beside it, and kept there. Throws StateDamaged when they cannot be read.
 *
 * @example
 * const simulator = createSimulator({ state: '/tmp/fly.json' });
 */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const settings = settle(options);
  const state =
    settings.state === undefined
      ? stateInMemory(settings.organization)
      : openState(settings.state, settings.organization, settings.onError);
  return simulatorOf(state, options, settings);
}
