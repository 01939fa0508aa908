import { accessFault, type Access } from './access.ts';
import { isAttestation, type Caveat } from '../caveats/caveat.ts';
import { MacaroonError } from '../error.ts';
import { evaluate } from './evaluate.ts';
import type { PrivateCaveats } from '../caveats/private.ts';
import type { Objection, Refusal } from './refusal.ts';
import { ok, refuse, type Result } from '../result.ts';
import type { Macaroon } from '../format/macaroon.ts';
import type { DischargeRequest, Subject } from './subject.ts';
import type { Verified } from '../verify/verified.ts';

/**
 * What clearing looks at. Without the token and its branches, private caveats are not told which branch they stand in, and
 * those that count refuse.
 */
export interface Clearable extends Pick<Verified, 'caveats'> {
  readonly token?: Pick<Macaroon, 'caveats'>;
  readonly branches?: Verified['branches'];
}

/**
 * Decides whether a verified token allows an access, or all of several. Every caveat must clear for every access.
 * A token that names no organization allows nothing, although the format would let it allow everything.
 * Throws `no_accesses` for an empty list, which the format would let pass.
 *
 * @example
 * const request = { orgId: 4721n, appId: 90017n, action: Action.control, now: new Date() };
 * const cleared = clear(verified.value, request);
 * if (!cleared.ok) log(cleared.reason.sentence); // which caveat says no, and what it allows
 */
export function clear<Facts>(
  verified: Clearable,
  access: Access<NoInfer<Facts>> | readonly Access<NoInfer<Facts>>[],
  registry?: PrivateCaveats<Facts>,
): Result<true, Refusal> {
  const accesses = 'action' in access ? [access] : access;
  if (accesses.length === 0) throw new MacaroonError('no_accesses', 'nothing was asked for');
  const objections: { caveat: Caveat | undefined; objection: NonNullable<Objection> }[] = [];
  if (!namesOrganization(verified.caveats)) {
    const sentence = 'The token names no organization, so it could do anything; it is not accepted.';
    objections.push({ caveat: undefined, objection: { tag: 'no_organization', sentence } });
  }
  for (const each of accesses) {
    const fault = accessFault(each);
    if (fault !== undefined) {
      objections.push({ caveat: undefined, objection: fault });
      continue;
    }
    const subject: Subject = { kind: 'access', access: each };
    for (const caveat of verified.caveats) {
      if (isAttestation(caveat)) continue;
      const objection = evaluate(caveat, { subject, registry, branch: branchOf(verified, caveat) });
      if (objection !== undefined) objections.push({ caveat, objection });
    }
  }
  return verdict(objections);
}

/** Decides whether a third party may discharge a ticket with these caveats. Every one must clear. */
export function clearTicket(
  caveats: readonly Caveat[],
  request: DischargeRequest,
  registry?: PrivateCaveats,
): Result<true, Refusal> {
  const subject: Subject = { kind: 'discharge', request };
  const objections: { caveat: Caveat | undefined; objection: NonNullable<Objection> }[] = [];
  for (const caveat of caveats) {
    const objection = evaluate(caveat, { subject, registry });
    if (objection !== undefined) objections.push({ caveat, objection });
  }
  return verdict(objections);
}

/** Whether a token says anywhere which organization it is for. One that does not could do anything. */
export function namesOrganization(caveats: readonly Caveat[]): boolean {
  return caveats.some(
    (caveat) =>
      caveat.type === 'Organization' || (caveat.type === 'IfPresent' && namesOrganization(caveat.ifs)),
  );
}

function verdict(
  objections: readonly { caveat: Caveat | undefined; objection: NonNullable<Objection> }[],
): Result<true, Refusal> {
  if (objections.length === 0) return ok(true);
  const all: Refusal[] = [];
  for (const { caveat, objection } of objections) {
    all.push({ tag: objection.tag, caveat, sentence: objection.sentence, all });
  }
  return refuse(all[0]!);
}

/** The digest of the token right after one of its own private caveats; undefined for those that came with a discharge. */
function branchOf(verified: Clearable, caveat: Caveat): string | undefined {
  if (caveat.type !== 'Unknown' || verified.token === undefined) return undefined;
  const index = verified.token.caveats.indexOf(caveat);
  return index < 0 ? undefined : verified.branches?.[index + 1];
}
