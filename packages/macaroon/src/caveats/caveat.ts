import type { ActionMask } from './action.ts';

/** Ids to masks. `null` is a list that the minter left unset: it means empty, but it is signed as a different byte. */
export type IdMasks = ReadonlyMap<bigint, ActionMask> | null;
/** Names to masks; see `IdMasks` for `null`. */
export type NameMasks = ReadonlyMap<string, ActionMask> | null;
/** Whole seconds; a bigint only where a number would not be exact. */
export type Seconds = number | bigint;

/** One organization, by its internal number; 0 matches every organization. */
export interface OrganizationCaveat {
  readonly type: 'Organization';
  readonly id: bigint;
  readonly mask: ActionMask;
}
/** Apps by their internal number. */
export interface AppsCaveat {
  readonly type: 'Apps';
  readonly apps: IdMasks;
}
/** Volumes by id. */
export interface VolumesCaveat {
  readonly type: 'Volumes';
  readonly volumes: NameMasks;
}
/** Machines by id. */
export interface MachinesCaveat {
  readonly type: 'Machines';
  readonly machines: NameMasks;
}
/** LiteFS clusters. */
export interface ClustersCaveat {
  readonly type: 'Clusters';
  readonly clusters: NameMasks;
}
/** Features of an organization, of an app or of a machine. */
export interface FeaturesCaveat {
  readonly type: 'FeatureSet' | 'AppFeatureSet' | 'MachineFeatureSet';
  readonly features: NameMasks;
}
/** Storage objects by the beginning of their URL. */
export interface StorageObjectsCaveat {
  readonly type: 'StorageObjects';
  readonly prefixes: NameMasks;
}
/** Unix seconds; both ends belong to the window. */
export interface ValidityWindowCaveat {
  readonly type: 'ValidityWindow';
  readonly notBefore: Seconds;
  readonly notAfter: Seconds;
}
/** GraphQL mutations by name. */
export interface MutationsCaveat {
  readonly type: 'Mutations';
  readonly mutations: readonly string[] | null;
}
/** If any inner caveat is about what is asked, they decide; otherwise only the actions of `else` are allowed. */
export interface IfPresentCaveat {
  readonly type: 'IfPresent';
  readonly ifs: readonly Caveat[];
  readonly else: ActionMask;
}
/** Only these actions, whatever the resource. */
export interface ActionCaveat {
  readonly type: 'Action';
  readonly mask: ActionMask;
}
/** A command line, whole arguments. `exact` means nothing may follow. */
export interface Command {
  readonly args: readonly string[] | null;
  readonly exact: boolean;
}
/** Only these command lines inside a machine. */
export interface CommandsCaveat {
  readonly type: 'Commands';
  readonly commands: readonly Command[] | null;
}
/** Usable only from inside this machine. */
export interface FromMachineSourceCaveat {
  readonly type: 'FromMachineSource';
  readonly machine: string;
}
/** Usable only from inside this organization, app, machine; empty fields are not looked at. */
export interface FlySrcCaveat {
  readonly type: 'FlySrc';
  readonly organization: string;
  readonly app: string;
  readonly instance: string;
}
/** A bit mask of roles: member 1, billing manager 2, admin every bit. */
export interface AllowedRolesCaveat {
  readonly type: 'AllowedRoles';
  readonly roles: number;
}
/** The same as AllowedRoles with mask 1. */
export interface IsMemberCaveat {
  readonly type: 'IsMember';
}
/** For third parties: who must be signed in. */
export interface ConfineCaveat {
  readonly type: 'ConfineUser' | 'ConfineOrganization' | 'ConfineGitHubOrg';
  readonly id: bigint;
}
/** For third parties: the hosted domain that must be signed in, exactly as written. */
export interface ConfineGoogleHDCaveat {
  readonly type: 'ConfineGoogleHD';
  readonly domain: string;
}
/** For third parties: how long a discharge may live at most. */
export interface MaxValidityCaveat {
  readonly type: 'MaxValidity';
  readonly seconds: Seconds;
}
/** Deprecated; restricts nothing and says nothing that may be believed. */
export interface IsUserCaveat {
  readonly type: 'IsUser';
  readonly id: bigint;
}
/** A fact stated by the signer of a proof. It restricts nothing. */
export interface AttestationCaveat {
  readonly type: 'FlyioUserID' | 'GitHubUserID' | 'GoogleUserID';
  readonly id: bigint;
}
/** Somebody else must agree: the holder has to bring a discharge for the ticket. */
export interface ThirdPartyCaveat {
  readonly type: '3P';
  readonly location: string;
  readonly verifierKey: Uint8Array | null;
  readonly ticket: Uint8Array;
}
/** In a discharge: only good for a parent with this SHA-256 prefix of its tail. */
export interface BindToParentTokenCaveat {
  readonly type: 'BindToParentToken';
  readonly prefix: Uint8Array | null;
}
/** A caveat of a type this library does not know: its bytes are kept and it never clears without a registry that knows it. */
export interface UnknownCaveat {
  readonly type: 'Unknown';
  readonly number: bigint;
  readonly body: Uint8Array;
}

/**
 * A restriction in a token, told apart by `type`, the name that Fly.io's JSON uses
 * (docs/specs/token-format.md#caveat-catalogue).
 */
export type Caveat =
  | OrganizationCaveat
  | AppsCaveat
  | VolumesCaveat
  | MachinesCaveat
  | ClustersCaveat
  | FeaturesCaveat
  | StorageObjectsCaveat
  | ValidityWindowCaveat
  | MutationsCaveat
  | IfPresentCaveat
  | ActionCaveat
  | CommandsCaveat
  | FromMachineSourceCaveat
  | FlySrcCaveat
  | AllowedRolesCaveat
  | IsMemberCaveat
  | ConfineCaveat
  | ConfineGoogleHDCaveat
  | MaxValidityCaveat
  | IsUserCaveat
  | AttestationCaveat
  | ThirdPartyCaveat
  | BindToParentTokenCaveat
  | UnknownCaveat;

/** Every value of `type`. */
export type CaveatType = Caveat['type'];

/** Type numbers on the wire. */
export const CAVEAT_NUMBERS: Readonly<Record<Exclude<CaveatType, 'Unknown'>, number>> = Object.freeze({
  Organization: 0,
  Volumes: 2,
  Apps: 3,
  ValidityWindow: 4,
  FeatureSet: 5,
  Mutations: 6,
  Machines: 7,
  ConfineUser: 8,
  ConfineOrganization: 9,
  IsUser: 10,
  '3P': 11,
  BindToParentToken: 12,
  IfPresent: 13,
  MachineFeatureSet: 14,
  FromMachineSource: 15,
  Clusters: 16,
  ConfineGoogleHD: 19,
  ConfineGitHubOrg: 20,
  MaxValidity: 21,
  IsMember: 22,
  FlyioUserID: 23,
  GitHubUserID: 24,
  GoogleUserID: 25,
  Action: 26,
  Commands: 27,
  AppFeatureSet: 28,
  StorageObjects: 29,
  AllowedRoles: 30,
  FlySrc: 31,
});

/** Whether a caveat states a fact instead of restricting. Facts count only in proofs, and only from a trusted third party. */
export function isAttestation(caveat: Caveat): caveat is AttestationCaveat {
  return caveat.type === 'FlyioUserID' || caveat.type === 'GitHubUserID' || caveat.type === 'GoogleUserID';
}

/** Every caveat, outer before inner, IfPresent opened. */
export function* everyCaveat(caveats: readonly Caveat[]): Generator<Caveat> {
  for (const caveat of caveats) {
    yield caveat;
    if (caveat.type === 'IfPresent') yield* everyCaveat(caveat.ifs);
  }
}
