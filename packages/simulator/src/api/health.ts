import type { DirectDoor } from '../doors.ts';

/** Where a script asks whether the simulator is there. */
export const HEALTH_PATH = '/_fly/health';

/** What it is told. */
export const HEALTH = { status: 'ok' };

/** Health on the server's own objects, so that whoever waits for a start does not also wait for what other answers need. */
export const healthDirect: DirectDoor = ({ method, url }) =>
  method === 'GET' && url === HEALTH_PATH
    ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(HEALTH) }
    : undefined;
