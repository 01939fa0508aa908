import { splitTarget } from '@hangar/http';
import type { SimulatedClock } from './clock.ts';
import type { DoorFetch } from './doors.ts';
import type { DoorName } from './simulation.ts';

/** One request that came, as the page of the world shows it. */
export interface SeenRequest {
  readonly atMs: number;
  readonly door: DoorName;
  readonly method: string;
  /** Without the query, in which signatures and tokens may be. */
  readonly path: string;
  /** 0 when the connection was cut instead. */
  readonly status: number;
}

/** The last requests of a simulation. */
export interface SeenRequests {
  note(request: Omit<SeenRequest, 'atMs'>): void;
  /** Newest first. */
  list(): SeenRequest[];
}

const REMEMBERED_REQUESTS = 200;
const LONGEST_PATH = 200;

/** Nothing seen yet. */
export function createSeen(clock: SimulatedClock): SeenRequests {
  const ring: SeenRequest[] = [];
  let next = 0;
  return {
    note({ path, ...request }) {
      ring[next] = { ...request, path: path.slice(0, LONGEST_PATH), atMs: clock.nowMs() };
      next = (next + 1) % REMEMBERED_REQUESTS;
    },
    list: () => [...ring.slice(next), ...ring.slice(0, next)].toReversed(),
  };
}

/** A door whose requests are noted, but for those about the simulation itself. */
export function seenDoor(
  simulation: { readonly seen: SeenRequests },
  name: DoorName,
  fetch: DoorFetch,
): DoorFetch {
  return async (request, door) => {
    const { path } = splitTarget(door.rawTarget);
    if (name === 'api' && /^\/(?:_fly(?:\/|$)|$)/.test(path)) return await fetch(request, door);
    const note = (status: number): void =>
      simulation.seen.note({ door: name, method: request.method, path, status });
    try {
      const response = await fetch(request, door);
      note(response.status);
      return response;
    } catch (error) {
      note(0);
      throw error;
    }
  };
}
