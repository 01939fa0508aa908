import { resumeDeletions } from '../machines/apps/deletion.ts';
import type { SimulatorOptions } from '../options.ts';
import type { Simulation } from '../simulation.ts';
import { bodiesOf } from '../world/bodies.ts';
import { readWhole, replaceWorld, wholeText } from './whole.ts';
import { clockOffsetMs, resetWorld, setClockOffset } from '../world/world.ts';

/** What turns the whole world into another one, and what writes it down in one text. */
export interface Turns {
  /** A fresh world, with the seed in it; time stays. */
  reset(): Promise<void>;
  /** The whole world. */
  snapshot(): string;
  /** The world of that text in the place of this one. Throws NoWorld for a text that `snapshot` did not write; then nothing has changed. */
  restore(text: string): Promise<void>;
  /** Ends the process; undefined when this is a part of somebody else's. */
  readonly stop: (() => void) | undefined;
}

/** Creates the turns of a simulation. */
export function createTurns(
  simulation: Simulation,
  { seed, onStop }: Pick<SimulatorOptions, 'seed' | 'onStop'>,
): Turns {
  const { world, bodies, clock, faults, lifecycle, runner, events, settings, commit } = simulation;
  return {
    async reset() {
      faults.clear();
      lifecycle.close();
      await runner?.clear();
      for (const { body } of bodiesOf(world)) bodies.drop(body);
      resetWorld(world, settings.organization);
      commit();
      if (seed) (await import('../seed/plant.ts')).plant(simulation, seed);
    },
    stop: onStop,
    snapshot: () => wholeText(world, bodies),
    async restore(text) {
      const whole = readWhole(text);
      faults.clear();
      lifecycle.close();
      await runner?.clear();
      const before = clock.offsetMs();
      replaceWorld(world, bodies, whole);
      // Time never goes back: a world from an earlier moment wakes up now, one from the future takes us there.
      const after = Math.max(before, clockOffsetMs(world));
      setClockOffset(world, after);
      clock.advance(after - before);
      commit();
      lifecycle.resume();
      events.resume();
      resumeDeletions(simulation);
    },
  };
}
