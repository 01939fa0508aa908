/** Work that goes on beside requests; the app runs it. */
export interface Task {
  readonly name: string;
  readonly everySeconds: number;
  run(signal: AbortSignal): Promise<void>;
}
