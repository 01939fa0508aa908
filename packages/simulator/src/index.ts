/** The simulation itself, and what it is made of. */
export { createSimulator } from './create-simulator.ts';
export type { Simulator } from './simulator.ts';
export { simulatedSecrets, type Delays, type SimulatorOptions } from './options.ts';

/** What a world may begin with. */
export { readSeed, type Seed } from './seed/file.ts';

/** Serving a door on 127.0.0.1, the only address there is. */
export { listen, type Listening } from './listen.ts';
export type { DoorFetch } from './doors.ts';
