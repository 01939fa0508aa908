import { and, asc, desc, eq, isNotNull, isNull, notInArray, sql as text } from 'drizzle-orm';
import type { Executor } from '../../database.ts';
import { extensions, gatewayEnvironments, gatewayWorkspaces } from '../../schema/index.ts';
import {
  isUuid,
  type Page,
  PAGE_ROWS,
  pageOf,
  visibleExtension,
  visibleTo,
  workspaceOfExtension,
} from './tenant.ts';

/** An app by the number that stands in tokens. */
export interface AppFacts {
  readonly number: bigint;
  readonly name: string;
}

/** A workspace as the token tools need it: the number that tokens are for, and its living apps by name. */
export interface WorkspaceFacts {
  readonly number: bigint;
  readonly extensionId: string;
  readonly extensionName: string;
  readonly organizationId: string;
  readonly apps: readonly AppFacts[];
}

/** Phases in which the app exists no more, or never did. */
const NO_APP = ['failed', 'deleted'] as const;

/** The living apps of a workspace by name, in the same statement as the workspace itself. */
function appsOf(sql: Executor) {
  const app = sql
    .select({ number: gatewayEnvironments.numericId, name: gatewayEnvironments.name })
    .from(gatewayEnvironments)
    .where(
      and(
        eq(gatewayEnvironments.workspace, gatewayWorkspaces.number),
        isNotNull(gatewayEnvironments.numericId),
        notInArray(gatewayEnvironments.phase, [...NO_APP]),
      ),
    )
    .orderBy(asc(gatewayEnvironments.name))
    .limit(MAX_APPS)
    .as('app');
  // As text: a number of an app may be larger than JSON's.
  return text<
    readonly (readonly [string, string])[]
  >`(select coalesce(json_agg(json_build_array(${app.number}::text, ${app.name})), '[]') from ${app})`;
}

/** More than a person picks from a list; beyond it an app is given by its number. */
const MAX_APPS = 500;

const shown = {
  number: gatewayWorkspaces.number,
  extensionId: extensions.id,
  extensionName: extensions.name,
  organizationId: extensions.organizationId,
};

interface ShownRow extends Omit<WorkspaceFacts, 'apps'> {
  readonly apps: readonly (readonly [string, string])[];
}

function toFacts(row: ShownRow): WorkspaceFacts {
  return { ...row, apps: row.apps.map(([number, name]) => ({ number: BigInt(number), name })) };
}

/** The open workspaces of the viewer's extensions, newest first. */
export async function readWorkspaces(
  sql: Executor,
  organizationIds: readonly string[],
): Promise<Page<WorkspaceFacts>> {
  const rows = await sql
    .select({ ...shown, apps: appsOf(sql) })
    .from(gatewayWorkspaces)
    .innerJoin(extensions, workspaceOfExtension)
    .where(and(visibleTo(organizationIds), isNull(gatewayWorkspaces.closedAt)))
    .orderBy(desc(extensions.createdAt), desc(extensions.id))
    .limit(PAGE_ROWS + 1);
  return pageOf(rows, toFacts);
}

/** The workspace of one extension of the viewer, closed ones included: their tokens are still listed. */
export async function readWorkspace(
  sql: Executor,
  organizationIds: readonly string[],
  extensionId: string,
): Promise<WorkspaceFacts | undefined> {
  if (!isUuid(extensionId)) return undefined;
  const rows = await sql
    .select({ ...shown, apps: appsOf(sql) })
    .from(gatewayWorkspaces)
    .innerJoin(extensions, workspaceOfExtension)
    .where(visibleExtension(organizationIds, extensionId));
  return rows.map(toFacts)[0];
}
