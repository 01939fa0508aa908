/** One line of log: structured fields first, then a constant sentence. Fits pino and most others. */
export type LogLine = (fields: Record<string, unknown>, message: string) => void;

/**
 * What the libraries write to. The app passes a pino logger behind the redactor. By default they say nothing; the
 * provider kit, which strangers try out alone, warns.
 */
export interface Log {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

const say: LogLine = () => undefined;

/** A log that keeps quiet. */
export const silentLog: Log = { debug: say, info: say, warn: say, error: say };
