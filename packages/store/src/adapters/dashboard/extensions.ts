import { desc } from 'drizzle-orm';
import type { Executor } from '../../database.ts';
import { extensions } from '../../schema/index.ts';
import { isoTime, isUuid, type Page, PAGE_ROWS, pageOf, visibleExtension, visibleTo } from './tenant.ts';

/** An extension as the page shows it. */
export interface ExtensionFacts {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly statusDetail: string | null;
  readonly plan: string | null;
  readonly region: string | null;
  readonly organizationId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const shown = {
  id: extensions.id,
  name: extensions.name,
  status: extensions.status,
  statusDetail: extensions.statusDetail,
  errorMessage: extensions.errorMessage,
  plan: extensions.plan,
  region: extensions.primaryRegion,
  organizationId: extensions.organizationId,
  createdAt: extensions.createdAt,
  updatedAt: extensions.updatedAt,
};

interface ShownRow extends Omit<ExtensionFacts, 'createdAt' | 'updatedAt'> {
  readonly errorMessage: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The viewer's extensions, newest first. */
export async function readExtensions(
  sql: Executor,
  organizationIds: readonly string[],
): Promise<Page<ExtensionFacts>> {
  const rows = await sql
    .select(shown)
    .from(extensions)
    .where(visibleTo(organizationIds))
    .orderBy(desc(extensions.createdAt), desc(extensions.id))
    .limit(PAGE_ROWS + 1);
  return pageOf(rows, toFacts);
}

/** One of the viewer's extensions. */
export async function readExtension(
  sql: Executor,
  organizationIds: readonly string[],
  extensionId: string,
): Promise<ExtensionFacts | undefined> {
  if (!isUuid(extensionId)) return undefined;
  const rows = await sql.select(shown).from(extensions).where(visibleExtension(organizationIds, extensionId));
  return rows.map(toFacts)[0];
}

function toFacts({ errorMessage, statusDetail, createdAt, updatedAt, ...row }: ShownRow): ExtensionFacts {
  return {
    ...row,
    statusDetail: errorMessage ?? statusDetail,
    createdAt: isoTime(createdAt),
    updatedAt: isoTime(updatedAt),
  };
}
