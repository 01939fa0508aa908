import { type Log, type LogLine, silentLog } from '@hangar/http';
import { type RedactBounds, redactValue } from './redact.ts';

/** A line is read by a person, and whoever sends us nonsense decides how long it is. */
const BOUNDS: RedactBounds = { textLength: 1_024, totalBytes: 8_192 };

/**
 * Warnings and errors as lines of JSON on standard error, without secrets, and nothing else: for a library whose first
 * refusals nobody should have to guess at before a log is set up.
 */
export const warningLog: Log = { ...silentLog, warn: line('warn'), error: line('error') };

function line(level: string): LogLine {
  return (fields, message) => {
    process.stderr.write(`${JSON.stringify(redactValue({ level, message, ...fields }, BOUNDS))}\n`);
  };
}
