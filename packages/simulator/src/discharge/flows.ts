import { randomHex } from '../ids.ts';
import type { Simulation } from '../simulation.ts';
import type { DischargeFlow } from '../world/limited-tokens.ts';
import { principals, type Principal } from './principals.ts';

/** How long a flow waits for a person, and a client stays signed in afterwards. */
const LIFETIME_MS = 600_000;

/** Flows that wait for a person, and the clients that asked for them. Their secrets are 16 random bytes, as in the reference. */
export function dischargeFlows(simulation: Simulation) {
  const { world, clock } = simulation;

  const forgetOld = (): void => {
    const now = clock.nowMs();
    for (const map of [world.dischargeFlows, world.dischargeSessions]) {
      for (const [key, one] of map) if (one.expiresAtMs <= now) map.delete(key);
    }
  };

  return {
    /** Whom the client with that cookie has turned out to be. */
    signedIn(session: string | undefined): Principal[] {
      forgetOld();
      const id = world.dischargeSessions.get(session ?? '')?.principal;
      return principals(simulation).filter((one) => one.id === id);
    },

    /** Begins a flow; the client gets a cookie, unless it brought one. */
    start(ticket: Uint8Array, location: string, cookie: string | undefined): DischargeFlow {
      forgetOld();
      const session = cookie !== undefined && world.dischargeSessions.has(cookie) ? cookie : randomHex(16);
      const expiresAtMs = clock.nowMs() + LIFETIME_MS;
      world.dischargeSessions.set(session, { expiresAtMs });
      const flow = {
        userSecret: randomHex(16),
        pollSecret: randomHex(16),
        session,
        location,
        ticket,
        expiresAtMs,
      };
      world.dischargeFlows.set(flow.userSecret, flow);
      return flow;
    },

    ofPerson(userSecret: string): DischargeFlow | undefined {
      forgetOld();
      return world.dischargeFlows.get(userSecret);
    },

    /** The flow of a poller. One that has an outcome is delivered once. */
    collect(pollSecret: string): DischargeFlow | undefined {
      forgetOld();
      const flow = [...world.dischargeFlows.values()].find((one) => one.pollSecret === pollSecret);
      if (flow?.outcome) world.dischargeFlows.delete(flow.userSecret);
      return flow;
    },

    /** Ends a flow; the client that began it is signed in from here on when it was confirmed. */
    settle(flow: DischargeFlow, outcome: NonNullable<DischargeFlow['outcome']>, by?: Principal): void {
      flow.outcome = outcome;
      world.dischargeFlows.changed(flow.userSecret);
      const session = world.dischargeSessions.get(flow.session);
      if (!session || !by) return;
      session.principal = by.id;
      world.dischargeSessions.changed(flow.session);
    },
  };
}
