import { pino, type Logger } from 'pino';
import { type Log, redactText, redactValue } from '@hangar/security';

/**
 * Structured log on standard output. Two nets against secrets: every field is redacted by type, name and
 * shape before it is written, and the finished line once more by shape, because a secret may sit inside a
 * sentence (stack.md trap 25).
 */
export function createLog(level: string): Logger & Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => redactValue(fields) as Record<string, unknown>,
    },
    hooks: { streamWrite: redactText },
  });
}
