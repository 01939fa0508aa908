import type { AccountEvidence } from '@hangar/provider';
import { columns } from '../../columns-of.ts';
import type { Executor } from '../../database.ts';
import { statement } from '../../prepared.ts';

/** What evidence is written as, in this order. */
export const EVIDENCE = columns<AccountEvidence>([
  { name: 'organization_id', type: 'text', of: ({ organization }) => organization.id },
  { name: 'organization_name', type: 'text', of: ({ organization }) => organization.name },
  { name: 'organization_email', type: 'text', of: ({ organization }) => organization.email },
  { name: 'user_id', type: 'text', of: ({ user }) => user.id },
  { name: 'user_email', type: 'text', of: ({ user }) => user.email },
  { name: 'user_name', type: 'text', of: ({ user }) => user.name },
  { name: 'role', type: 'text', of: ({ role }) => role },
  { name: 'at', type: 'timestamptz', of: ({ at }) => at },
]);

/**
 * Writes what a signed request says about an organization, a user and the role, as common table expressions of which
 * the last is `membership`. Evidence older than what is stored changes nothing.
 *
 * Each asks how many rows the one before it wrote, and does not care: that makes Postgres run them in this order, in
 * which two writers cannot deadlock. `from` names the expression whose row lets them happen at all.
 */
export function evidenceParts(from: string, after: number): string {
  return `evidence as (
    select ${EVIDENCE.names.replaceAll(/\w+/g, 'given.$&')}
    from ${from}, (values (${EVIDENCE.places(after)})) as given (${EVIDENCE.names})),
  organization as (
    insert into organizations as kept (id, name, email, created_at, evidence_at)
    select organization_id, organization_name, organization_email, at, at from evidence
    on conflict (id) do update set
      name = coalesce(excluded.name, kept.name),
      email = coalesce(excluded.email, kept.email),
      evidence_at = excluded.evidence_at
      where kept.evidence_at <= excluded.evidence_at
    returning 1 as one),
  person as (
    insert into users as kept (id, email, name, created_at, evidence_at)
    select user_id, user_email, user_name, at, at from evidence where (select count(*) from organization) >= 0
    on conflict (id) do update set
      email = coalesce(excluded.email, kept.email),
      name = coalesce(excluded.name, kept.name),
      evidence_at = excluded.evidence_at
      where kept.evidence_at <= excluded.evidence_at
    returning 1 as one),
  membership as (
    insert into memberships as kept (organization_id, user_id, role, evidence_at)
    select organization_id, user_id, role, at from evidence where (select count(*) from person) >= 0
    on conflict (organization_id, user_id) do update set
      role = excluded.role, evidence_at = excluded.evidence_at, ended_at = null
      where kept.evidence_at <= excluded.evidence_at
    returning 1 as one)`;
}

const record = statement<unknown[], true>(
  'evidence_record',
  `with asked as (select 1 as one), ${evidenceParts('asked', 0)} select count(*) from membership`,
  () => true,
);

/** Writes what a signed request says about an organization, a user and the role. */
export async function recordEvidence(executor: Executor, evidence: AccountEvidence): Promise<void> {
  await record(executor, ...EVIDENCE.values(evidence));
}
