import type { Reply } from '../request/route.ts';
import { cleanMachine, withoutMarks } from '../rules/machine-marks.ts';

/** What a caller may see of an answer that can hold marks of ours. */
export function cleaned(reply: Reply, json: unknown): unknown {
  if (reply === 'metadata') return withoutMarks(json);
  return Array.isArray(json) ? json.map(cleanMachine) : cleanMachine(json);
}
