import type { Delays } from '../../options.ts';
import type { Step } from '../../world/platform.ts';
import type { JsonObject } from '../../world/json.ts';

/**
 * The ways from one resting state to the next, with the events of docs/specs/platform.md#machine-states (whose last
 * ones are a reconstruction).
 */

/** created, starting, started. */
export function launchPlan(delays: Delays): Step[] {
  return [{ afterMs: delays.launch, state: 'starting' }, reachStarted(delays)];
}

/** An image that cannot be pulled: the sample event of the Extensions API page. */
export function failedLaunchPlan(delays: Delays): Step[] {
  return [
    { afterMs: delays.launch, state: 'starting' },
    {
      afterMs: delays.start,
      state: 'failed',
      event: { type: 'launch', status: 'failed', source: 'flyd' },
      data: { Error: 'image not found', Transition: 'prepareImage' },
    },
  ];
}

/** The last step of every start. */
export function reachStarted(delays: Delays): Step {
  return {
    afterMs: delays.start,
    state: 'started',
    event: { type: 'start', status: 'started', source: 'flyd' },
  };
}

/** The last step of a stop that somebody asked for. */
export function reachStopped(delays: Delays, nowMs: number): Step {
  return {
    afterMs: delays.stop,
    state: 'stopped',
    event: {
      type: 'exit',
      status: 'stopped',
      source: 'flyd',
      request: exitEvent({ nowMs, requested: true }),
    },
  };
}

/** The last step of a suspend. */
export function reachSuspended(delays: Delays): Step {
  return {
    afterMs: delays.suspend,
    state: 'suspended',
    event: { type: 'suspend', status: 'suspended', source: 'flyd' },
  };
}

/** The last step of a life. */
export function reachDestroyed(delays: Delays): Step {
  return {
    afterMs: delays.destroy,
    state: 'destroyed',
    event: { type: 'destroy', status: 'destroyed', source: 'flyd' },
  };
}

/** `request.exit_event` of an exit. */
export function exitEvent(exit: {
  nowMs: number;
  requested?: boolean;
  exitCode?: number;
  oomKilled?: boolean;
  restarting?: boolean;
}): JsonObject {
  const code = exit.exitCode ?? 0;
  return {
    exit_event: {
      exit_code: code,
      guest_exit_code: code,
      guest_signal: -1,
      oom_killed: exit.oomKilled ?? false,
      requested_stop: exit.requested ?? false,
      restarting: exit.restarting ?? false,
      signal: -1,
      exited_at: new Date(exit.nowMs).toISOString(),
    },
  };
}
