import { openScratchDatabase } from '@hangar/store';

/** A database for one demo. */
export interface DemoDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/**
 * A scratch database on the given server, dropped at the end, so that a demo neither meets nor leaves
 * anything. Where the user may not create one, the given database itself.
 */
export async function demoDatabase(url: string): Promise<DemoDatabase> {
  return (await openScratchDatabase(url, 'hangar_demo')) ?? { url, drop: async () => {} };
}
