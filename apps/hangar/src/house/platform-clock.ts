import type { Clock, Log } from '@hangar/http';
import { systemClock } from '@hangar/http';
import type { Outgoing } from '@hangar/security/outgoing';
import { z } from 'zod';

/** How often the simulated Fly.io is asked what time it is. */
const ASK_EVERY_MS = 1_000;

const answer = z.object({ offset_ms: z.number() });

/** A clock that follows another's offset, and the means to stop following. */
export interface FollowedClock {
  readonly now: Clock;
  stop(): void;
}

/**
 * In simulator mode the time is the simulated platform's: whoever moves its clock by a day (to see a token
 * expire or a day billed) takes Hangar along, as the real world would. A platform that does not answer
 * leaves the offset as it was.
 */
export async function followPlatformClock(
  controlUrl: string,
  outgoing: Outgoing,
  log: Log,
): Promise<FollowedClock> {
  let offsetMs = 0;
  const ask = async (): Promise<void> => {
    try {
      const response = await outgoing.send({
        method: 'GET',
        url: `${controlUrl}/_fly/clock`,
        timeoutMs: ASK_EVERY_MS,
      });
      if (response.status === 200) offsetMs = answer.parse(JSON.parse(response.text())).offset_ms;
    } catch {
      log.debug({}, 'the simulated Fly.io did not tell the time');
    }
  };
  await ask();
  const timer = setInterval(() => void ask(), ASK_EVERY_MS);
  timer.unref();
  return {
    now: () => new Date(systemClock().getTime() + offsetMs),
    stop: () => clearInterval(timer),
  };
}
