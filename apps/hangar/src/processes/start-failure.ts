import { HangarError, inWords } from '@hangar/http';
import { FileLockedError } from '@hangar/security';
import { fail, failInOurWords } from './terminal.ts';

/** One clear sentence for a start that failed; what is not foreseen keeps its own words. */
export function failStart(error: unknown): void {
  if (error instanceof HangarError) failInOurWords(error.sentence);
  else if (error instanceof FileLockedError) failInOurWords(error.message);
  else fail(`Hangar does not start: ${inWords(error)}`);
}
