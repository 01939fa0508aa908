import { pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/**
 * Facts about this installation that must survive a restart and be the same for every process on one
 * database: the installation's id (it marks what we own at Fly.io) and whatever is decided once.
 *
 * @sealed `value`, where it is a secret
 * @kept for ever
 */
export const houseFacts = pgTable('house_facts', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  decidedAt: instant('decided_at').notNull(),
});
