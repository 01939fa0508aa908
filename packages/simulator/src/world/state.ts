import { bodiesInMemory, type Bodies } from './bodies.ts';
import { bareWorld, seedWorld, type World } from './world.ts';

/** A world, and what keeps it. */
export interface State {
  readonly world: World;
  readonly bodies: Bodies;
  /** It was begun just now. */
  readonly fresh: boolean;
  /** Writes down what has changed since the last time. When it returns, the process may die. */
  commit(): void;
  close(): Promise<void>;
}

/** A world that lives as long as the simulator. */
export function stateInMemory(operator: string): State {
  const world = seedWorld(bareWorld(), operator);
  return {
    world,
    bodies: bodiesInMemory(),
    fresh: true,
    commit: () => undefined,
    close: async () => undefined,
  };
}
