import type { HangarFacts } from '@hangar/contract';
import { objection, type PrivateCaveat } from '@hangar/macaroon';
import { factsOf, type CaveatMeters } from './facts.ts';
import { HANGAR_CAVEAT_NUMBERS } from './numbers.ts';

/** Bounds every command run; requests that run none are not concerned. */
export interface ExecLimit {
  readonly timeoutSeconds: number;
  readonly maxOutputBytes: number;
  readonly perMinute: number;
}

export const MAX_TIMEOUT_SECONDS = 3600;
export const MAX_OUTPUT_BYTES = 2 ** 30;
export const MAX_COMMANDS_PER_MINUTE = 1_000_000;

/** The caveat `ExecLimit {timeout_s, max_output_bytes, per_minute}`. */
export function execLimitCaveat(meters: CaveatMeters): PrivateCaveat<ExecLimit, HangarFacts> {
  return {
    number: HANGAR_CAVEAT_NUMBERS.ExecLimit,
    name: 'ExecLimit',
    write: (writer, limit) =>
      void writer
        .array(3)
        .unsigned(limit.timeoutSeconds)
        .unsigned(limit.maxOutputBytes)
        .unsigned(limit.perMinute),
    read: (reader) => {
      reader.struct(3);
      return {
        timeoutSeconds: reader.unsigned(MAX_TIMEOUT_SECONDS),
        maxOutputBytes: reader.unsigned(MAX_OUTPUT_BYTES),
        perMinute: reader.unsigned(MAX_COMMANDS_PER_MINUTE),
      };
    },
    clear: (limit, subject, branch) => {
      const runs = subject.kind === 'access' && subject.access.command !== undefined;
      if (!runs) return undefined;
      const { exec } = factsOf(subject);
      if (exec === undefined || branch === undefined) {
        return objection(
          'invalid_access',
          'The token bounds command runs, and the bounds of this one are not known.',
        );
      }
      const { timeoutSeconds = 0, maxOutputBytes = 0 } = exec;
      if (timeoutSeconds > limit.timeoutSeconds) {
        return objection('private', `The token lets a command run ${limit.timeoutSeconds} seconds at most.`);
      }
      if (maxOutputBytes > limit.maxOutputBytes) {
        return objection('private', `The token lets a command print ${limit.maxOutputBytes} bytes at most.`);
      }
      const open = exec.timeoutSeconds === undefined || exec.maxOutputBytes === undefined;
      const held = meters.deferLimit?.({
        kind: 'exec',
        timeoutSeconds: limit.timeoutSeconds,
        maxOutputBytes: limit.maxOutputBytes,
      });
      if (open && held !== true) {
        return objection('invalid_access', 'The token bounds command runs, and this one has no bounds.');
      }
      if (meters.take(`exec ${branch}`, limit.perMinute)) return undefined;
      return objection(
        'private',
        `The token allows ${limit.perMinute} commands a minute, and they are used up.`,
      );
    },
    explain: (limit) =>
      `Commands run ${limit.timeoutSeconds} seconds and print ${limit.maxOutputBytes} bytes at most, ` +
      `${limit.perMinute} a minute.`,
    toJson: (limit) => ({
      timeout_s: limit.timeoutSeconds,
      max_output_bytes: limit.maxOutputBytes,
      per_minute: limit.perMinute,
    }),
  };
}
