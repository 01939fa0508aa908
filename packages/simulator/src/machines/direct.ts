import type { DirectDoor } from '../doors.ts';
import type { Simulation } from '../simulation.ts';
import { platformHeaders } from './platform-headers.ts';
import { machinesShown, machineWire } from './machine/wire.ts';
import { plainTokens } from './request/plain-tokens.ts';

/** The machines of an app, or one of them, without a query. */
const READ = /^\/v1\/apps\/([a-z0-9-]{1,63})\/machines(?:\/([0-9a-f]{14}))?$/;

/**
 * The reads that clients repeat while they wait, for a caller with a plain token: answered from the world, on the server's own objects.
 * Whatever is unusual (a macaroon, a query, a fault, a limit, anything that is refused) is left to the door.
 */
export function createDirectReads(simulation: Simulation): DirectDoor {
  const { world, faults, seen, settings } = simulation;
  return ({ method, url = '', headers }, requestId) => {
    if (method !== 'GET' || settings.rateLimits || faults.list().length > 0) return undefined;
    const [, name, id] = READ.exec(url) ?? [];
    const app = name === undefined ? undefined : world.apps.get(name);
    if (!app) return undefined;
    const tokens = plainTokens(simulation, headers.authorization ?? '');
    if (!tokens.some((token) => token.organizations.includes(app.organization))) return undefined;
    const machine = id === undefined ? undefined : world.machines.get(id);
    if (id !== undefined && machine?.app !== app.name) return undefined;
    seen.note({ door: 'machines', method, path: url, status: 200 });
    const shown = machine ? machineWire(machine) : machinesShown(world, app.name).map(machineWire);
    return {
      headers: { 'content-type': 'application/json', ...platformHeaders(requestId()) },
      body: JSON.stringify(shown),
    };
  };
}
