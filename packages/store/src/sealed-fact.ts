import { eq } from 'drizzle-orm';
import { HangarError } from '@hangar/http';
import { type Sealer, Secret } from '@hangar/security';
import type { Database } from './database.ts';
import { houseFacts } from './schema/house.ts';

/**
 * A secret of the installation itself, made once, sealed, and the same for every process on this database.
 *
 * @throws HangarError `config_invalid` when the master keys at hand do not open it: they belong to another database.
 */
export async function sealedFact(
  db: Database,
  sealer: Sealer,
  fact: { readonly name: string; readonly make: () => string; readonly now: () => Date },
): Promise<Secret> {
  const place = `house_facts:${fact.name}`;
  const sealed = Buffer.from(sealer.seal(fact.make(), place)).toString('base64');
  await db
    .insert(houseFacts)
    .values({ name: fact.name, value: sealed, decidedAt: fact.now() })
    .onConflictDoNothing();
  const [row] = await db.select().from(houseFacts).where(eq(houseFacts.name, fact.name));
  if (row === undefined) throw new Error(`the fact ${fact.name} was not stored`);
  try {
    return Secret.of(sealer.openText(Buffer.from(row.value, 'base64'), place));
  } catch (error) {
    throw new HangarError('config_invalid', {
      public:
        'HANGAR_MASTER_KEYS does not open what this database holds. Give the keys it was sealed with, newest first, or use another database.',
      cause: error,
    });
  }
}
