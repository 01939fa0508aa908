import { isWithin, type ActionMask } from '../caveats/action.ts';
import type { Access } from './access.ts';
import type { CommandsCaveat, FlySrcCaveat, Seconds, ValidityWindowCaveat } from '../caveats/caveat.ts';
import { LAST_END_SECONDS } from '../limits.ts';
import { objection, type Objection } from './refusal.ts';
import { formatRoles, hasRole, neededRole, Role } from '../caveats/roles.ts';
import { actionWords, listWords, quoted, timeWords } from '../caveats/action-words.ts';

/** Whole caveat or nothing: the action must be within the mask. */
export function clearMask(action: ActionMask, mask: ActionMask): Objection {
  if (isWithin(action, mask)) return undefined;
  return objection(
    'not_for_action',
    `The token allows ${actionWords(mask)}, and the request needs ${actionWords(action)}.`,
  );
}

/** Organization: the id is 0 or equal, the action within the mask. */
export function clearOrganization(id: bigint, mask: ActionMask, access: Access): Objection {
  if (access.orgId === undefined) {
    return objection('resource_unspecified', 'The token is for an organization, and the request names none.');
  }
  if (id !== 0n && id !== access.orgId) {
    return objection(
      'not_for_resource',
      `The token is for organization ${id}, not for organization ${access.orgId}.`,
    );
  }
  return clearMask(access.action, mask);
}

/** Both ends belong to the window, to the millisecond; an unreadable clock or bound clears nothing. */
export function clearWindow(window: ValidityWindowCaveat, now: Date): Objection {
  const moment = now.getTime();
  if (!(moment >= Number(window.notBefore) * 1000)) {
    return objection('not_yet_valid', `The token is not valid before ${timeWords(window.notBefore)}.`);
  }
  if (window.notAfter > LAST_END_SECONDS) {
    return objection(
      'expired',
      `The token ends at ${timeWords(window.notAfter)}, which is later than any date.`,
    );
  }
  if (moment <= Number(window.notAfter) * 1000) return undefined;
  return objection('expired', `The token expired at ${timeWords(window.notAfter)}.`);
}

/** Mutations: the one asked for must be listed. */
export function clearMutations(mutations: readonly string[] | null, access: Access): Objection {
  const { mutation } = access;
  if (mutation === undefined) {
    return objection('resource_unspecified', 'The token is for certain mutations, and the request is none.');
  }
  if (mutations?.includes(mutation) === true) return undefined;
  return objection('not_for_resource', `The token does not allow the mutation ${quoted(mutation)}.`);
}

/** Commands: whole arguments from the front, all of them when exact (docs/specs/token-format.md#commands). */
export function clearCommands(caveat: CommandsCaveat, access: Access): Objection {
  const { command } = access;
  if (command === undefined) {
    return objection(
      'resource_unspecified',
      'The token is for running certain commands, and the request runs none.',
    );
  }
  for (const { args, exact } of caveat.commands ?? []) {
    const wanted = args ?? [];
    if (wanted.length > command.length || (exact && wanted.length !== command.length)) continue;
    if (wanted.every((arg, position) => arg === command[position])) return undefined;
  }
  return objection('not_for_resource', `The token does not allow the command ${quoted(command.join(' '))}.`);
}

/** FromMachineSource: the request must come from that machine. */
export function clearMachineSource(machine: string, access: Access): Objection {
  if (access.sourceMachine === undefined) {
    return objection(
      'invalid_access',
      'The token works only from inside a machine, and the request does not come from one.',
    );
  }
  if (access.sourceMachine === machine) return undefined;
  return objection('not_for_resource', `The token works only from inside machine ${quoted(machine)}.`);
}

/** FlySrc: every field that is not empty must be where the request comes from. */
export function clearFlySrc(caveat: FlySrcCaveat, access: Access): Objection {
  const fields = [
    ['organization', caveat.organization, access.sourceOrganization],
    ['app', caveat.app, access.sourceApp],
    ['machine', caveat.instance, access.sourceMachine],
  ] as const;
  for (const [noun, wanted, source] of fields) {
    if (wanted === '') continue;
    const where = `The token works only from inside ${noun} ${quoted(wanted)}`;
    if (source === undefined)
      return objection('invalid_access', `${where}, and the request does not say where it comes from.`);
    if (source !== wanted) return objection('not_for_resource', `${where}.`);
  }
  return undefined;
}

/** AllowedRoles and IsMember: the role that the request needs must be among them. */
export function clearRoles(roles: number, access: Access): Objection {
  const needed = neededRole(access.feature, access.action);
  if (hasRole(roles, needed)) return undefined;
  const who = needed === Role.admin ? 'an admin' : 'a member';
  return objection(
    'not_for_role',
    `The request needs ${who} of the organization, and the token stands for: ${formatRoles(roles)}.`,
  );
}

/** The refusal of a list of identities that lacks the wanted one; undefined list means nobody is signed in. */
export function clearIdentity<T>(noun: string, wanted: T, present: readonly T[] | undefined): Objection {
  if (present === undefined) return objection('must_authenticate', `Sign in as ${noun} ${String(wanted)}.`);
  if (present.includes(wanted)) return undefined;
  const found = listWords(present.map(String), 'and');
  return objection(
    'wrong_identity',
    `This is for ${noun} ${String(wanted)}${found === '' ? '' : `, not for ${found}`}.`,
  );
}

/** MaxValidity: the discharge may not outlive the limit. Above the reference's own range nothing clears, as there. */
export function clearMaxValidity(seconds: Seconds, now: Date, expiry: Date): Objection {
  const longest = 9_223_372_036;
  const lives = (expiry.getTime() - now.getTime()) / 1000;
  if (seconds <= longest && lives <= Number(seconds)) return undefined;
  return objection('lives_too_long', `A discharge may live for ${seconds} seconds at most.`);
}
