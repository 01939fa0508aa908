import type { ActionMask } from './action.ts';
import { toHex } from './bytes.ts';
import type { Caveat, Command, FlySrcCaveat } from './caveat.ts';
import type { TokenReason } from './header.ts';
import { tokenId, type Macaroon } from './macaroon.ts';
import { readPrivate, type PrivateCaveats } from './private-caveat.ts';
import type { Refusal } from './refusal.ts';
import * as kinds from './resource-kinds.ts';
import { describeKeys, type ResourceKind } from './resource-rule.ts';
import { formatRoles } from './roles.ts';
import type { VerifyReason } from './verify.ts';
import { actionWords, durationWords, listWords, quoted, timeWords } from './words.ts';

/** What one caveat says, as an English sentence. Safe to show: texts from the token are quoted, keys are left out. */
export function explainCaveat(caveat: Caveat, registry?: PrivateCaveats): string {
  switch (caveat.type) {
    case 'Organization':
      return `May do ${actionWords(caveat.mask)} in ${caveat.id === 0n ? 'any organization' : `organization ${caveat.id}`}.`;
    case 'Apps':
      return resources(kinds.APP, caveat.apps);
    case 'Volumes':
      return resources(kinds.VOLUME, caveat.volumes);
    case 'Machines':
      return resources(kinds.MACHINE, caveat.machines);
    case 'Clusters':
      return resources(kinds.CLUSTER, caveat.clusters);
    case 'FeatureSet':
      return resources(kinds.FEATURE, caveat.features);
    case 'AppFeatureSet':
      return resources(kinds.APP_FEATURE, caveat.features);
    case 'MachineFeatureSet':
      return resources(kinds.MACHINE_FEATURE, caveat.features);
    case 'StorageObjects':
      return resources({ ...kinds.STORAGE_OBJECT, noun: 'storage object under' }, caveat.prefixes);
    case 'ValidityWindow':
      return `Valid from ${timeWords(caveat.notBefore)} until ${timeWords(caveat.notAfter)}.`;
    case 'Mutations':
      return `Only for the mutations ${listWords((caveat.mutations ?? []).map(quoted), 'and') || '(none)'}.`;
    case 'IfPresent':
      return explainIfPresent(caveat.ifs, caveat.else, registry);
    case 'Action':
      return `May do ${actionWords(caveat.mask)}.`;
    case 'Commands':
      return `Only for running ${listWords((caveat.commands ?? []).map(commandWords), 'or') || 'no command at all'}.`;
    case 'FromMachineSource':
      return `Works only from inside machine ${quoted(caveat.machine)}.`;
    case 'FlySrc':
      return explainSource(caveat);
    case 'AllowedRoles':
      return `May do what these roles may: ${formatRoles(caveat.roles)}.`;
    case 'IsMember':
      return 'May do what a plain member of the organization may.';
    case 'ConfineUser':
      return `The third party must see Fly.io user ${caveat.id} sign in.`;
    case 'ConfineOrganization':
      return `The third party must see a member of Fly.io organization ${caveat.id} sign in.`;
    case 'ConfineGoogleHD':
      return `The third party must see a Google account of ${quoted(caveat.domain)} sign in.`;
    case 'ConfineGitHubOrg':
      return `The third party must see a member of GitHub organization ${caveat.id} sign in.`;
    case 'MaxValidity':
      return `A discharge may live for ${durationWords(caveat.seconds)} at most.`;
    case 'IsUser':
      return `Names Fly.io user ${caveat.id}; restricts nothing and proves nothing.`;
    case 'FlyioUserID':
      return `States that Fly.io user ${caveat.id} signed in.`;
    case 'GitHubUserID':
      return `States that GitHub user ${caveat.id} signed in.`;
    case 'GoogleUserID':
      return `States that Google user ${caveat.id} signed in.`;
    case '3P':
      return `Needs a discharge from ${quoted(caveat.location)}.`;
    case 'BindToParentToken':
      return `Good only together with the token whose digest begins ${toHex(caveat.prefix ?? new Uint8Array()).slice(0, 16) || '(empty)'}.`;
    case 'Unknown': {
      const definition = registry?.get(caveat.number);
      const read = definition && readPrivate(definition, caveat);
      if (definition !== undefined && read !== undefined) return definition.explain(read.value);
      return `A condition of type ${caveat.number}, which is not known here: the token is good for nothing here.`;
    }
  }
}

/** A whole token, one sentence a line: what it is, then each caveat. */
export function explainToken(macaroon: Macaroon, registry?: PrivateCaveats): string[] {
  const kind = macaroon.nonce.proof ? 'A signed statement' : 'A token';
  return [
    `${kind} for ${quoted(macaroon.location)}, id ${tokenId(macaroon)}.`,
    ...macaroon.caveats.map((caveat) => explainCaveat(caveat, registry)),
  ];
}

/** Why a request was refused: the reason, and which caveat of the token gave it. */
export function explainRefusal(refusal: Refusal, registry?: PrivateCaveats): string {
  if (refusal.caveat === undefined) return refusal.sentence;
  return `${refusal.sentence} (${refusal.caveat.type}: ${explainCaveat(refusal.caveat, registry)})`;
}

/** Why a text is not a token. */
export function explainTokenReason(reason: TokenReason): string {
  switch (reason.tag) {
    case 'empty':
      return 'There is no token.';
    case 'truncated':
      return 'The token is cut off: its end is missing. Copy it again, whole.';
    case 'too_large':
      return 'The token is larger than anything accepted here.';
    case 'not_a_macaroon':
      return 'This is not a macaroon: those begin with fm2_.';
    case 'malformed':
      return `The token is damaged: ${reason.detail}.`;
  }
}

/** Why a token is not genuine. */
export function explainVerifyReason(reason: VerifyReason): string {
  switch (reason.tag) {
    case 'bad_signature':
      return 'The signature is wrong: the token was changed, or made with another key.';
    case 'attestation_not_allowed':
      return 'The token states a fact that only a third party may state.';
    case 'wrong_binding':
      return 'The token is bound to another token.';
    case 'missing_discharge':
      return `The token needs a discharge from ${quoted(reason.location)}, and none came with it.`;
    case 'bad_discharge':
      return `The discharge from ${quoted(reason.location)} does not fit this token (${reason.causes.join(', ')}).`;
    case 'limit':
      return `The token asks for more work than is accepted here: ${reason.detail}.`;
  }
}

function explainIfPresent(
  ifs: readonly Caveat[],
  otherwise: number,
  registry: PrivateCaveats | undefined,
): string {
  if (ifs.length === 0) return `May do ${actionWords(otherwise)}.`;
  const inner = ifs.map((caveat) => explainCaveat(caveat, registry).replace(/\.$/, '')).join('; ');
  return `Where it concerns one of these, it decides: [${inner}]. Anywhere else: may do ${actionWords(otherwise)}.`;
}

function explainSource(caveat: FlySrcCaveat): string {
  const places = [
    ['organization', caveat.organization],
    ['app', caveat.app],
    ['machine', caveat.instance],
  ].filter(([, name]) => name !== '');
  if (places.length === 0) return 'Works from anywhere.';
  const words = places.map(([noun, name]) => `${noun} ${quoted(name!)}`);
  return `Works only from inside ${listWords(words, 'and')}.`;
}

function commandWords({ args, exact }: Command): string {
  const line = quoted((args ?? []).join(' '));
  if (exact) return `exactly ${line}`;
  return (args ?? []).length === 0 ? 'any command' : `${line} with anything after it`;
}

/** How many different masks of a resource map are spelt out. */
const SHOWN = 8;

function resources<K>(kind: ResourceKind<K>, map: ReadonlyMap<K, ActionMask> | null): string {
  if (map === null || map.size === 0) return `Not for any ${kind.noun}.`;
  const byActions = new Map<string, Map<K, ActionMask>>();
  for (const [key, mask] of map) {
    const actions = actionWords(mask);
    const group = byActions.get(actions) ?? new Map<K, ActionMask>();
    byActions.set(actions, group.set(key, mask));
  }
  const parts = [...byActions].slice(0, SHOWN);
  const words = parts.map(([actions, group]) => `${actions} on ${describeKeys(kind, group)}`);
  if (byActions.size > SHOWN) words.push('more');
  return `May do ${listWords(words, 'and')}, and nothing on any other.`;
}
