import { type FlyUrls, flyUrls } from '@hangar/flyio';
import { type Clock, type Log, systemClock } from '@hangar/http';
import { createOutgoing, type Outgoing } from '@hangar/security/outgoing';
import type { Closing } from './closing.ts';
import type { Config } from '../config.ts';
import { followPlatformClock } from './platform-clock.ts';

/** The Fly.io a process talks to: where it is, how it is reached, and what time it is there. */
export interface Platform {
  readonly urls: FlyUrls;
  readonly outgoing: Outgoing;
  readonly now: Clock;
}

/** One switch decides over addresses, where requests may go, and the clock. */
export async function reachPlatform(
  { fly, simulatorPort }: Pick<Config, 'fly' | 'simulatorPort'>,
  open: Closing,
  log: Log,
): Promise<Platform> {
  const urls = flyUrls(fly === 'real' ? 'real' : { simulatorPort });
  const outgoing = createOutgoing({ allowedOrigins: fly === 'real' ? [] : [new URL(urls.api).origin] });
  open.later('outgoing connections', () => outgoing.close());
  if (fly === 'real') return { urls, outgoing, now: systemClock };
  const clock = await followPlatformClock(urls.api, outgoing, log);
  open.later('clock of the simulated Fly.io', () => clock.stop());
  return { urls, outgoing, now: clock.now };
}
