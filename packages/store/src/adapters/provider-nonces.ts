import { eq, lte, sql } from 'drizzle-orm';
import type { NonceStore } from '@hangar/provider';
import type { Database } from '../database.ts';
import { requestNonces } from '../schema/provider.ts';

/** Nonces of signed requests: one statement decides, so two processes cannot both win. */
export function nonceStore(db: Database): NonceStore {
  return {
    async consume(nonce, expiresAt, now) {
      const won = await db
        .insert(requestNonces)
        .values({ nonce, expiresAt })
        .onConflictDoUpdate({
          target: requestNonces.nonce,
          set: { expiresAt: sql`excluded.expires_at` },
          setWhere: lte(requestNonces.expiresAt, now),
        })
        .returning({ nonce: requestNonces.nonce });
      return won.length === 1;
    },
    async release(nonce) {
      await db.delete(requestNonces).where(eq(requestNonces.nonce, nonce));
    },
    async sweep(now) {
      const gone = await db
        .delete(requestNonces)
        .where(lte(requestNonces.expiresAt, now))
        .returning({ nonce: requestNonces.nonce });
      return gone.length;
    },
  };
}
