/** Work that goes on beside requests; the app runs it. */
export interface Task {
  readonly name: string;
  readonly everySeconds: number;
  /** Stops early once the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}
