/** One line of log: structured fields first, then a constant sentence. Fits pino and most others. */
export type LogLine = (fields: Record<string, unknown>, message: string) => void;

/**
 * What the libraries write to. The app passes a pino logger behind the redactor; the default says nothing.
 */
export interface Log {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

const say: LogLine = () => undefined;

/** A log that keeps quiet: the default of every library option named `log`. */
export const silentLog: Log = { debug: say, info: say, warn: say, error: say };
