import type { Executed, ExecOrder } from '../machines/machine/exec.ts';
import type { Machine } from '../world/platform.ts';

/** Who makes machines run. Without one they only say that they do. */
export interface Runner {
  /** The machine has started: its command, if the config has one, begins. */
  start(machine: Machine): void;
  /** The machine goes down: its process gets the stop signal of the config, and SIGKILL when it takes too long. */
  stop(machine: Machine): void;
  /** The exit code, when the machine's process has ended; undefined when none runs now. */
  ended(machine: Machine): Promise<number> | undefined;
  /** Runs a command beside the machine's own. Its output is bounded. */
  exec(machine: Machine, order: ExecOrder): Promise<Executed>;
  /** Ends every process at once, and tells nobody: the world that they belonged to is gone. */
  clear(): Promise<void>;
  /** The same, for good. */
  close(): Promise<void>;
}
