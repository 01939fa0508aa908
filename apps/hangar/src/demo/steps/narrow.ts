import {
  Action,
  attenuate,
  encodeToken,
  LOCATIONS,
  parseBundle,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import { z } from 'zod';
import { call, expectEqual, expectStatus } from '../calls.ts';
import type { Step, Story } from '../story.ts';
import { waitFor } from './environment.ts';

const refusal = z.object({ error: z.string(), code: z.string(), caveat: z.string() });

/** One hour, in seconds. */
const HOUR = 3_600;

export const narrow: Step = {
  title:
    'The token is narrowed offline to one app, rC, one hour: start and stop work, delete is 403 and names the caveat',
  play: async (story) => {
    const now = Math.floor((await timeAtFly(story)).getTime() / 1000);
    story.narrowed = narrowed(story.token, [
      { type: 'Apps', apps: new Map([[story.appNumber, Action.read | Action.control]]) },
      { type: 'ValidityWindow', notBefore: now - 60, notAfter: now + HOUR },
    ]);
    const path = `/v1/apps/${story.appName}/machines/${story.machineId}`;
    expectStatus(
      await call({ method: 'POST', url: story.api(`${path}/stop`), token: story.narrowed, body: {} }),
      200,
    );
    await waitFor(story, 'stopped');
    expectStatus(await call({ method: 'POST', url: story.api(`${path}/start`), token: story.narrowed }), 200);
    await waitFor(story, 'started');
    const denied = refusal.parse(
      expectStatus(
        await call({ method: 'DELETE', url: story.api(`${path}?force=true`), token: story.narrowed }),
        403,
      ),
    );
    expectEqual('the code of the refusal', denied.code, 'caveat_denied');
    return { stop_and_start: 'allowed', delete: 403, caveat: denied.caveat, sentence: denied.error };
  },
};

/** Adds caveats to a token's text; asks nobody. */
export function narrowed(token: string, caveats: readonly Caveat[]): string {
  return encodeToken(attenuate(permissionOf(token), caveats));
}

/** The permission macaroon in a text. */
export function permissionOf(token: string): Macaroon {
  const bundle = parseBundle(token, LOCATIONS.permission);
  const [permission] = bundle.ok ? bundle.value.permission : [];
  if (permission === undefined) throw new Error('the text holds no permission token');
  return permission;
}

/** What time it is at the simulated Fly.io, which is the time of this whole world. */
export async function timeAtFly(story: Story): Promise<Date> {
  const answer = await call({ method: 'GET', url: story.fly('/clock') });
  return new Date(z.object({ now: z.string() }).parse(expectStatus(answer, 200)).now);
}
