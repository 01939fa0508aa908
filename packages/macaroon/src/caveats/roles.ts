import { Action, isWithin, type ActionMask } from './action.ts';

/** Roles in an organization as bits (docs/specs/token-format.md#roles). */
export const Role = Object.freeze({ member: 1, billingManager: 2, admin: 0xffffffff } as const);

/** What a plain member may do with each feature of an organization; anything not listed needs an admin. */
const MEMBER_ACTIONS: ReadonlyMap<string, ActionMask> = new Map([
  ['wg', Action.all],
  ['domain', Action.all],
  ['site', Action.all],
  ['builder', Action.all],
  ['addon', Action.all],
  ['checks', Action.all],
  ['litefs-cloud', Action.all],
  ['membership', Action.read],
  ['billing', Action.read],
  ['authentication', Action.read],
  ['deletion', Action.none],
  ['document_signing', Action.none],
]);

/** The role that a request needs. */
export function neededRole(feature: string | undefined, action: ActionMask): number {
  if (feature === undefined) return Role.member;
  const allowed = MEMBER_ACTIONS.get(feature);
  return allowed !== undefined && isWithin(action, allowed) ? Role.member : Role.admin;
}

/** Whether a mask of roles contains one role entirely. */
export function hasRole(roles: number, role: number): boolean {
  return (roles & role) >>> 0 === role;
}

/** `admin`, `billing_manager+member`, `none`, `invalid(4)` (docs/specs/token-format.md#roles). */
export function formatRoles(roles: number): string {
  if (roles === Role.admin) return 'admin';
  if (roles === 0) return 'none';
  const names: string[] = [];
  if (hasRole(roles, Role.billingManager)) names.push('billing_manager');
  if (hasRole(roles, Role.member)) names.push('member');
  const left = (roles & ~(Role.member | Role.billingManager)) >>> 0;
  if (left !== 0) names.push(`invalid(${left})`);
  return names.join('+');
}
