import {
  Action,
  appScope as appScopeOf,
  clear as clearMacaroon,
  explainCaveat,
  type Access,
  type PrivateCaveats,
  type Refusal,
} from '@hangar/macaroon';
import type { AuthenticatedCaller, BranchLimit, ClearRefusal, HangarFacts } from '@hangar/contract';
import { ok, refuse } from '@hangar/http';
import { HANGAR_CAVEATS, hangarCaveats } from '../caveats/registry.ts';
import { factsOf, type CaveatMeters } from '../caveats/facts.ts';
import { holdsPrivate, type HeldTokens } from './held-token.ts';

/** Told of each token that allowed something. */
export type UseRecorder = (use: { tokenId: string; from: string | undefined; at: Date }) => void;

/** Wraps verified tokens for those who ask whether something is allowed. */
export function createCaller(
  tokens: HeldTokens,
  options: { meters: CaveatMeters; recordUse: UseRecorder },
): AuthenticatedCaller {
  const [first] = tokens;
  // Most tokens hold no caveat of ours: nothing has to be counted for them.
  let registry: PrivateCaveats<HangarFacts> | undefined = tokens.some(holdsPrivate)
    ? undefined
    : HANGAR_CAVEATS;
  let limits: BranchLimit[] | undefined;
  const deferLimit = (limit: BranchLimit): boolean => limits !== undefined && limits.push(limit) > 0;
  const expiry = first.verified.earliestExpiry;
  const caller: AuthenticatedCaller = {
    workspace: first.workspace,
    tokenId: first.id,
    branch: first.branch,
    expiresAt: expiry === undefined ? undefined : new Date(expiry * 1000),
    workspaces: [...new Set(tokens.map((token) => token.workspace))],
    clear: (access) => {
      registry ??= hangarCaveats({ ...chargeOnce(options.meters), deferLimit });
      const { remoteAddress, keepsLimits } = factsOf({ kind: 'access', access });
      const refusals: ClearRefusal[] = [];
      for (const token of tokens) {
        const owed: BranchLimit[] = [];
        limits = keepsLimits === true ? owed : undefined;
        const outcome = clearMacaroon(token.verified, access, registry);
        limits = undefined;
        if (outcome.ok) {
          options.recordUse({ tokenId: token.id, from: remoteAddress, at: access.now });
          return ok({ tokenId: token.id, branches: token.verified.branches, limits: owed });
        }
        refusals.push(explainClearing(token.id, access, outcome.reason));
      }
      const [refusal = nothingHeld(first.id)] = refusals;
      return refuse(refusal);
    },
    appScope: () => {
      const scopes = tokens.map((token) => appScopeOf(token.verified.caveats));
      if (scopes.some((scope) => scope === undefined)) return undefined;
      const apps = new Set(scopes.flatMap((scope) => scope ?? []));
      return [...apps].toSorted((a, b) => (a < b ? -1 : 1));
    },
    within: (workspace) => {
      if (tokens.every((token) => token.workspace === workspace)) return caller;
      const [one, ...more] = tokens.filter((token) => token.workspace === workspace);
      return one && createCaller([one, ...more], options);
    },
  };
  return caller;
}

/** Why clearing failed, with the token's id, the caveat and the request in words. */
export function explainClearing(tokenId: string, access: Access, refusal: Refusal): ClearRefusal {
  const decisive = refusal.all.find((each) => each.tag === 'expired') ?? refusal;
  const caveat = decisive.caveat ? explainCaveat(decisive.caveat, HANGAR_CAVEATS) : 'the request itself';
  return {
    code: decisive.tag === 'expired' ? 'token_expired' : 'caveat_denied',
    caveat,
    sentence: `Token ${tokenId} is not allowed to ${describeAccess(access)}. ${decisive.sentence}`,
    tokenId,
  };
}

/** What an access asks for, in words: "delete machine 148e of app 90017". */
export function describeAccess(access: Access): string {
  const verbs = VERBS.filter(([bit]) => (access.action & bit) !== 0).map(([, verb]) => verb);
  const verb = verbs.length > 0 ? verbs.join(' and ') : 'look at';
  const parts = [
    access.command && `the command "${access.command.join(' ')}" on`,
    access.machineFeature && `${access.machineFeature} of`,
    access.machine && `machine ${access.machine} of`,
    access.volume && `volume ${access.volume} of`,
    access.appFeature && `${access.appFeature} of`,
    access.appId !== undefined && (access.appId === 0n ? 'a new app' : `app ${access.appId}`),
    access.storageObject && `storage object ${access.storageObject}`,
    access.cluster && `cluster ${access.cluster} under`,
    access.feature && `the feature ${access.feature}`,
    access.mutation && `by ${access.mutation}`,
  ].filter((part): part is string => typeof part === 'string');
  if (parts.length === 0) parts.push(`organization ${access.orgId ?? '(none named)'}`);
  return `${verb} ${parts.join(' ')}`;
}

const VERBS: readonly (readonly [number, string])[] = [
  [Action.read, 'read'],
  [Action.write, 'write'],
  [Action.create, 'create'],
  [Action.delete, 'delete'],
  [Action.control, 'control'],
];

function nothingHeld(tokenId: string): ClearRefusal {
  return { code: 'caveat_denied', caveat: 'none', sentence: `Token ${tokenId} was not asked.`, tokenId };
}

/** One request is charged once, however often it is cleared on its way. */
function chargeOnce(meters: CaveatMeters): CaveatMeters {
  const taken = new Map<string, boolean>();
  return {
    ...meters,
    take: (counter, perMinute) => {
      const known = taken.get(counter);
      if (known !== undefined) return known;
      const granted = meters.take(counter, perMinute);
      taken.set(counter, granted);
      return granted;
    },
  };
}
