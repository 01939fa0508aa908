import { HangarError } from '@hangar/security';
import { FolderLockedError } from '@hangar/store';
import { fail } from './terminal.ts';

/** One clear sentence for a start that failed; what is not foreseen keeps its own words. */
export function failStart(error: unknown): void {
  if (error instanceof HangarError) fail(error.sentence);
  else if (error instanceof FolderLockedError) fail(error.message);
  else fail(`Hangar does not start: ${error instanceof Error ? error.message : String(error)}`);
}
