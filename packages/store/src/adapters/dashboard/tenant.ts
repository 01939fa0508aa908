import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import { extensions, gatewayWorkspaces } from '../../schema/index.ts';

/** The newest rows of a list, and whether there are older ones. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly more: boolean;
}

/** Rows of a list on one page: more than a person reads, few enough to answer in one go. */
export const PAGE_ROWS = 100;

/** Cuts what was read with `limit(PAGE_ROWS + 1)` to a page. */
export function pageOf<Row, Item>(rows: readonly Row[], toItem: (row: Row) => Item): Page<Item> {
  return { items: rows.slice(0, PAGE_ROWS).map(toItem), more: rows.length > PAGE_ROWS };
}

/** The viewer's living extensions. No organization means no rows. */
export function visibleTo(organizationIds: readonly string[]): SQL | undefined {
  return and(inArray(extensions.organizationId, [...organizationIds]), isNull(extensions.deletedAt));
}

/** One living extension, when it is the viewer's. */
export function visibleExtension(organizationIds: readonly string[], extensionId: string): SQL | undefined {
  return and(eq(extensions.id, extensionId), visibleTo(organizationIds));
}

/** Joins a workspace to its extension, which is named as text there. */
export const workspaceOfExtension = sql`${gatewayWorkspaces.extensionId} = ${extensions.id}::text`;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Postgres answers an error, not "no rows", when a uuid column is compared with other text. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** ISO 8601 in UTC, the form in which the page gets times. */
export function isoTime(at: Date): string;
export function isoTime(at: Date | null): string | null;
export function isoTime(at: Date | null): string | null {
  return at === null ? null : at.toISOString();
}
