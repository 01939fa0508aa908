import type { IncomingMessage } from 'node:http';
import { splitTarget, type RequestContext } from '@hangar/http';
import type { DoorName, Simulation } from './simulation.ts';

/** What a {@link DirectDoor} answers: a whole body, written at once. */
export interface DirectAnswer {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/**
 * A way past the objects of the fetch standard for what clients ask all day: 200 with a whole body, or undefined, and then nothing has
 * happened and the door itself is to be asked.
 */
export type DirectDoor = (incoming: IncomingMessage, requestId: () => string) => DirectAnswer | undefined;

/** A handler of one door. */
export type DoorFetch = (request: Request, door: RequestContext) => Promise<Response>;

/** Thrown where a fault cuts the connection: a server closes the socket, a caller without a socket sees a rejected promise. */
export class ConnectionDropped extends Error {
  override readonly name = 'ConnectionDropped';
  constructor() {
    super('the simulated connection was dropped');
  }
}

/** How one door speaks. */
export interface DoorDialect {
  /** The path that faults are matched against; the path of the request when absent. */
  route?(request: Request): Promise<string>;
  /** The answer of a fault with that status. */
  fault(status: number): Response;
}

/** The faults that a request can meet at a door. */
const KINDS = ['slow', 'status', 'hang', 'drop'] as const;

/** Puts the switchable faults in front of and behind a door, and lets no answer leave before what it says is written down. */
export function guardDoor(
  simulation: Simulation,
  name: DoorName,
  dialect: DoorDialect,
  fetch: DoorFetch,
): DoorFetch {
  const strike = async (
    request: Request,
    route: string,
    when: 'before' | 'after',
  ): Promise<Response | undefined> => {
    let answer: Response | undefined;
    for (const fault of simulation.faults.strike({
      door: name,
      kinds: KINDS,
      when,
      method: request.method,
      route,
    })) {
      if (fault.kind === 'slow') await simulation.clock.sleep(fault.ms ?? 0, request.signal);
      if (fault.kind === 'status') answer ??= dialect.fault(fault.status ?? 500);
      if (fault.kind === 'hang') {
        await Promise.race([simulation.faults.cleared(fault.id), aborted(request.signal)]);
        throw new ConnectionDropped();
      }
      if (fault.kind === 'drop') throw new ConnectionDropped();
    }
    return answer;
  };

  return async (request, door) => {
    const active = simulation.faults.list().some((fault) => fault.door === name);
    if (!active) return settle(await fetch(request, door));
    const route = (await dialect.route?.(request.clone())) ?? splitTarget(door.rawTarget).path;
    const refused = await strike(request, route, 'before');
    if (refused) return refused;
    const response = settle(await fetch(request, door));
    return (await strike(request, route, 'after')) ?? response;
  };

  function settle(response: Response): Response {
    simulation.commit();
    return response;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
