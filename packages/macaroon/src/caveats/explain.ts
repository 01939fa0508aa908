import type { ActionMask } from './action.ts';
import { toHex } from '../bytes.ts';
import { everyCaveat, type Caveat, type Command, type FlySrcCaveat, type UnknownCaveat } from './caveat.ts';
import { namesOrganization } from '../clear/clear.ts';
import type { TokenTextReason } from '../format/header.ts';
import { tokenId, type Macaroon } from '../format/macaroon.ts';
import { alwaysConcerned, neverClears } from './never-clears.ts';
import { readPrivate, type PrivateCaveats } from './private.ts';
import type { Refusal } from '../clear/refusal.ts';
import { withResourceSet } from '../clear/resource-kinds.ts';
import { allowedOnEach, describeKeys, type ResourceKind } from '../clear/resource-rule.ts';
import { formatRoles } from './roles.ts';
import type { VerifyReason } from '../verify/verify.ts';
import { actionWords, durationWords, listWords, quoted, timeWords } from './action-words.ts';

/** What one caveat says, as an English sentence. Safe to show: texts from the token are quoted, keys are left out. */
export function explainCaveat(caveat: Caveat, registry?: PrivateCaveats): string {
  const never = neverClears(caveat);
  if (never !== undefined) return `Allows nothing: ${never}.`;
  switch (caveat.type) {
    case 'Organization':
      return `May do ${actionWords(caveat.mask)} in ${caveat.id === 0n ? 'any organization' : `organization ${caveat.id}`}.`;
    case 'Apps':
    case 'Volumes':
    case 'Machines':
    case 'Clusters':
    case 'FeatureSet':
    case 'AppFeatureSet':
    case 'MachineFeatureSet':
    case 'StorageObjects':
      return withResourceSet(caveat, resources)!;
    case 'ValidityWindow':
      return `Valid from ${timeWords(caveat.notBefore)} until ${timeWords(caveat.notAfter)}.`;
    case 'Mutations':
      return `Only for the mutations ${listWords((caveat.mutations ?? []).map(quoted), 'and') || '(none)'}.`;
    case 'IfPresent':
      return explainIfPresent(caveat.ifs, caveat.else, registry);
    case 'Action':
      return `May do ${actionWords(caveat.mask)}.`;
    case 'Commands':
      return `Only for running ${commandsWords(caveat.commands ?? [])}.`;
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

/** What the caveats of a permission token allow, one sentence each; all of them hold together. */
export function explainCaveats(caveats: readonly Caveat[], registry?: PrivateCaveats): string[] {
  const sentences = caveats.map((caveat) => explainCaveat(caveat, registry));
  if (!namesOrganization(caveats)) sentences.push('Allows nothing: it names no organization.');
  return sentences;
}

/** A whole token, one sentence a line: what it is, then each caveat. */
export function explainToken(macaroon: Macaroon, registry?: PrivateCaveats): string[] {
  const { caveats, location, nonce } = macaroon;
  const kind = nonce.proof ? 'A signed statement' : 'A token';
  return [
    `${kind} for ${quoted(location)}, id ${tokenId(macaroon)}.`,
    // A statement goes with a token, which names the organization.
    ...(nonce.proof
      ? caveats.map((caveat) => explainCaveat(caveat, registry))
      : explainCaveats(caveats, registry)),
  ];
}

/** Why a request was refused: the reason, and which caveat of the token gave it. */
export function explainRefusal(refusal: Refusal, registry?: PrivateCaveats): string {
  if (refusal.caveat === undefined) return refusal.sentence;
  return `${refusal.sentence} (${refusal.caveat.type}: ${explainCaveat(refusal.caveat, registry)})`;
}

/** Why a text is not a token. */
export function explainTokenReason(reason: TokenTextReason): string {
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
    case 'too_many_discharges':
      return `None of the first ${reason.tried} discharges from ${quoted(reason.location)} fits this token (${reason.causes.join(', ')}), and no more are tried: remove old ones.`;
  }
}

function explainIfPresent(
  ifs: readonly Caveat[],
  otherwise: number,
  registry: PrivateCaveats | undefined,
): string {
  if (ifs.length === 0) return `May do ${actionWords(otherwise)}.`;
  const unknown = unreadable(ifs, registry);
  if (unknown !== undefined)
    return `Allows nothing here: inside IfPresent it has a condition of type ${unknown.number}, which is not known here.`;
  const inner = ifs.map((caveat) => explainCaveat(caveat, registry).replace(/\.$/, '')).join('; ');
  if (ifs.some(alwaysConcerned)) return `Whatever of this concerns a request must allow it: [${inner}].`;
  return `Where it concerns one of these, it decides: [${inner}]. Anywhere else: may do ${actionWords(otherwise)}.`;
}

/** A condition that nobody here can judge: its type is not known, or its body is not what the type says. */
function unreadable(
  caveats: readonly Caveat[],
  registry: PrivateCaveats | undefined,
): UnknownCaveat | undefined {
  for (const caveat of everyCaveat(caveats)) {
    if (caveat.type !== 'Unknown') continue;
    const definition = registry?.get(caveat.number);
    if (definition === undefined || readPrivate(definition, caveat) === undefined) return caveat;
  }
  return undefined;
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

/** Whoever verifies sees the words alone: with standard input, or in another container, they would bound nothing. */
function commandsWords(commands: readonly Command[]): string {
  if (commands.length === 0) return 'no command at all';
  const words = listWords(commands.map(commandWords), 'or');
  const bounded = commands.every(({ args }) => (args ?? []).length > 0);
  return bounded ? `${words}, without standard input or a container of its own` : words;
}

function commandWords({ args, exact }: Command): string {
  const line = quoted((args ?? []).map(argumentWords).join(' '));
  if (exact) return `exactly ${line}`;
  return (args ?? []).length === 0 ? 'any command' : `${line} with anything after it`;
}

/** An argument as it is where that is clear, and in quotes where a reader could not tell where it ends. */
function argumentWords(arg: string): string {
  return /^[^\s"\\]+$/.test(arg) ? arg : JSON.stringify(arg);
}

/** How many different masks of a resource map are spelt out. */
const SHOWN = 8;

function resources<K>(kind: ResourceKind<K>, map: ReadonlyMap<K, ActionMask> | null): string {
  if (map === null || map.size === 0) return `Not for any ${kind.noun}, and for nothing else.`;
  const { allowed, nested } = allowedOnEach(kind, map);
  const byActions = new Map<string, Map<K, ActionMask>>();
  for (const [key, mask] of allowed) {
    const actions = actionWords(mask);
    const group = byActions.get(actions) ?? new Map<K, ActionMask>();
    byActions.set(actions, group.set(key, mask));
  }
  const parts = [...byActions].slice(0, SHOWN);
  const words = parts.map(([actions, group]) => `${actions} on ${describeKeys(kind, group)}`);
  if (byActions.size > SHOWN) words.push('more');
  const rest = map.has(kind.wildcard) ? `that is about no ${kind.noun}` : 'on any other';
  const several = nested ? ' Where several fit, the longest counts.' : '';
  return `May do ${listWords(words, 'and')}, and nothing ${rest}.${several}`;
}
