import { pino, type DestinationStream, type Logger } from 'pino';
import { type Log } from '@hangar/http';
import { AnswerLines, type AnsweredFields, type RefusedFields } from './answer-lines.ts';
import { type RedactBounds, redactText, redactValue } from '@hangar/security';

/** A log with a cheap line for what is said most often. */
export interface AnswerLog extends Log {
  /** An answer, or a refusal that has nothing private but a text. */
  answered(fields: AnsweredFields, refused?: RefusedFields): void;
}

/**
 * A line has at most 16 KiB: what reads logs cuts or drops longer ones. Its fields get three quarters; the message, of which
 * a character may become six bytes, and what pino adds fit into the rest.
 */
const FIELDS: RedactBounds = { textLength: 1_024, totalBytes: 12_288 };
const MESSAGE_LENGTH = 512;

/**
 * Structured log on standard output (docs/specs/promises.md#log): each line is one JSON object. Secrets go by type, name and shape, from the fields and
 * from the sentence, before a line is made of them: in the finished line a shape could reach over a quote and break it.
 * Texts of strangers (paths, names, what upstream said) are cut to 1 KiB. Lines about answers and refusals wait up to 250 ms
 * for others; any other line, as of a failure, is written at once, behind them.
 */
export function createLog(level: string, destination?: DestinationStream): Logger & AnswerLog {
  const out = destination ?? pino.destination({ dest: 1, sync: true });
  const answers = new AnswerLines((text) => out.write(text));
  if (destination === undefined) process.once('exit', () => answers.flush());
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redactValue(fields, FIELDS) as Record<string, unknown>,
      },
      // Pino's own form of `err` repeats the messages of all causes; the copy above has them once, and bounded.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args, method) {
          const [fields, message, ...more] = args as unknown[];
          const cleaned = [fields, message].map((part) =>
            typeof part === 'string' ? redactText(part, MESSAGE_LENGTH) : part,
          );
          method.apply(this, [...cleaned, ...more] as Parameters<typeof method>);
        },
      },
    },
    {
      write: (line) => {
        answers.flush();
        out.write(line);
      },
    },
  );
  const answered: AnswerLog['answered'] = (fields, refused) => {
    if (log.isLevelEnabled('info')) answers.add(fields, refused);
  };
  return Object.assign(log, { answered });
}
