import { z } from 'zod';

/** How the process of a machine ended. */
export interface MachineExit {
  /** In the platform's words; undefined when it gave none. */
  readonly reason?: string;
  readonly exitCode?: number;
  readonly oomKilled: boolean;
  /** Somebody asked for it: no news. */
  readonly requested: boolean;
  /** It is started again, by the machine's own restart policy. */
  readonly restarting: boolean;
}

/** A reason is shown on a page beside other things. */
const MAX_REASON = 200;

const exitEvent = z.object({
  exit_code: z.int().optional().catch(undefined),
  oom_killed: z.boolean().catch(false),
  requested_stop: z.boolean().catch(false),
  restarting: z.boolean().catch(false),
});
const eventData = z.object({
  Error: z.string().min(1).optional().catch(undefined),
  exit_event: exitEvent.optional().catch(undefined),
});

/**
 * What the free-form `data` of a machine event says about an exit; undefined when it says nothing about one. Nobody
 * promised its form, so a member of another one is left out and the rest is read.
 */
export function machineExit(data: unknown): MachineExit | undefined {
  const parsed = eventData.safeParse(data);
  if (!parsed.success) return undefined;
  const { Error: reason, exit_event: exit } = parsed.data;
  if (exit === undefined && reason === undefined) return undefined;
  return {
    reason: reason?.slice(0, MAX_REASON),
    exitCode: exit?.exit_code,
    oomKilled: exit?.oom_killed ?? false,
    requested: exit?.requested_stop ?? false,
    restarting: exit?.restarting ?? false,
  };
}
