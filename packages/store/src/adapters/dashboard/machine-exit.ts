import { machineExit } from '@hangar/flyio';

/** How a machine's process ended when nobody had asked for it. */
export interface MachineExitFacts {
  readonly reason: string | null;
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  readonly restarting: boolean;
}

/** What the data of an event says about an exit; null when it says nothing, or when somebody had asked for it. */
export function exitFacts(data: unknown): MachineExitFacts | null {
  const exit = machineExit(data);
  if (exit === undefined || exit.requested) return null;
  return {
    reason: exit.reason ?? null,
    exitCode: exit.exitCode ?? null,
    oomKilled: exit.oomKilled,
    restarting: exit.restarting,
  };
}
