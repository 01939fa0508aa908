/** How bad a finding is, mildest first. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Whether `severity` is at least `level`. */
export function reaches(severity: Severity, level: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(level);
}

/** Where something stands: lines and columns begin with 1 and count UTF-16 units, as editors do. */
export interface Place {
  /** Relative to the audited folder, with `/`. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** One thing to mend. No text of it repeats a secret. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly place: Place;
  /** What is there, in one sentence. */
  readonly detail: string;
  /** What to do about it, with the command. */
  readonly fix: string;
  /** The same for the same thing in the next run, whatever line it has moved to. */
  readonly fingerprint: string;
  /** For what was seen at Fly.io: `organization/app/machine`. */
  readonly logical?: string | undefined;
  readonly edit?: Edit | undefined;
}

/** A change of a file that mends a finding: what stands from `start` to `end` is replaced. Offsets are UTF-16 units. */
export interface Edit {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What could not be looked at, and why. An audit with one of these is incomplete. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
}
