import { eq } from 'drizzle-orm';
import { randomBytes } from 'node:crypto';
import type { Database } from './database.ts';
import { houseFacts } from './schema/house.ts';

/** Lower-case letters and digits only: the id becomes part of names at Fly.io and Tigris. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * The short id of this installation, made once and the same for every process on this database. It
 * marks what we own in the platform's organization, so that reconciliation never touches a stranger's.
 */
export async function installationId(db: Database, now: () => Date): Promise<string> {
  const candidate = [...randomBytes(8)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  await db
    .insert(houseFacts)
    .values({ name: 'installation', value: candidate, decidedAt: now() })
    .onConflictDoNothing();
  const [row] = await db.select().from(houseFacts).where(eq(houseFacts.name, 'installation'));
  if (row === undefined) throw new Error('the installation id was not stored');
  return row.value;
}
