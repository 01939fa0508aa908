import type { Role } from '@hangar/dashboard/wire';
import { HangarError } from '@hangar/http';
import type { DashboardLogin } from './ports.ts';

/** The organizations a person may look into: the tenant filter of every query. */
export function organizationsOf(login: DashboardLogin): readonly string[] {
  return login.memberships.map(({ organizationId }) => organizationId);
}

/** A person's role in an organization. A word that is not `admin` gives the lesser right. */
export function roleIn(login: DashboardLogin, organizationId: string): Role {
  const roles = login.memberships.filter((membership) => membership.organizationId === organizationId);
  return roles.length > 0 && roles.every(({ role }) => role === 'admin') ? 'admin' : 'member';
}

/**
 * Refuses a member where an admin is needed. The code is `policy_denied`: `not_a_member` would be untrue, and a 404
 * would hide something this person sees on the page.
 */
export function assertAdmin(login: DashboardLogin, organizationId: string): void {
  if (roleIn(login, organizationId) === 'admin') return;
  throw new HangarError('policy_denied', { public: 'only an admin of the organization may do this' });
}
