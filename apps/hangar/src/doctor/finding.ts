import { inWords } from '@hangar/http';

/** What came of one look. `unknown`: nobody answered, so it may be right or wrong. */
export interface Finding {
  /** What was looked at, in a few words. */
  readonly about: string;
  readonly verdict: 'fine' | 'wrong' | 'unknown';
  readonly says: string;
  /** What to do about it; undefined where nothing is to be done. */
  readonly remedy?: string | undefined;
}

/** A look whose every failure is a finding. */
export async function look(about: string, take: () => Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await take();
  } catch (error) {
    return { about, verdict: 'unknown', says: inWords(error) };
  }
}
