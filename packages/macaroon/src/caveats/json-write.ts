import { encodeBase64 } from '#crypto';
import { formatMask, type ActionMask } from './action.ts';
import { compareBytes, toHex, utf8 } from '../bytes.ts';
import type { Caveat, UnknownCaveat } from './caveat.ts';
import { MacaroonError } from '../error.ts';
import { writeJsonText, type JsonWritable } from './json-text.ts';
import type { Macaroon } from '../format/macaroon.ts';
import { readPrivate, type PrivateCaveats } from './private.ts';

/**
 * The JSON of a caveat set as Fly.io writes it: an array of `{"type", "body"}`; ids are bare integers of any size, so read
 * it back with `caveatsFromJson` and not with `JSON.parse`. Throws `unknown_caveat` for a caveat that has no JSON form.
 */
export function caveatsToJson(caveats: readonly Caveat[], registry?: PrivateCaveats): string {
  return writeJsonText(
    caveats.map((caveat) => withBody(caveat, (unknown) => privateBody(unknown, registry))),
  );
}

/** The same for looking at: caveats without a JSON form appear as `{"type":"77","body":null,"raw":"<hex>"}`. */
export function caveatsToDebugJson(caveats: readonly Caveat[], registry?: PrivateCaveats): string {
  return writeJsonText(
    caveats.map((caveat) => {
      const write = (unknown: UnknownCaveat): JsonWritable => {
        const known = knownPrivateBody(unknown, registry);
        return known === undefined ? { body: null, raw: toHex(unknown.body) } : { body: known };
      };
      return caveat.type === 'Unknown'
        ? { type: caveat.number.toString(), ...(write(caveat) as object) }
        : withBody(caveat, (unknown) => write(unknown));
    }),
  );
}

/** A whole token for looking at: its location and caveats, as `fly tokens debug` shows them; no nonce, no tail. */
export function macaroonToDebugJson(macaroon: Macaroon, registry?: PrivateCaveats): string {
  const location = JSON.stringify(macaroon.location);
  return `{"location":${location},"caveats":${caveatsToDebugJson(macaroon.caveats, registry)}}`;
}

type UnknownBody = (caveat: UnknownCaveat) => JsonWritable;

function withBody(caveat: Caveat, unknown: UnknownBody): { [field: string]: JsonWritable } {
  if (caveat.type === 'Unknown') return { type: caveat.number.toString(), body: unknown(caveat) };
  return { type: caveat.type, body: bodyOf(caveat, unknown) };
}

function privateBody(caveat: UnknownCaveat, registry: PrivateCaveats | undefined): JsonWritable {
  const body = knownPrivateBody(caveat, registry);
  if (body === undefined) throw new MacaroonError('unknown_caveat', `type ${caveat.number} has no JSON form`);
  return body;
}

function knownPrivateBody(
  caveat: UnknownCaveat,
  registry: PrivateCaveats | undefined,
): JsonWritable | undefined {
  const definition = registry?.get(caveat.number);
  if (definition?.toJson === undefined) return undefined;
  const read = readPrivate(definition, caveat);
  return read === undefined ? undefined : (definition.toJson(read.value) as JsonWritable);
}

function bodyOf(caveat: Exclude<Caveat, UnknownCaveat>, unknown: UnknownBody): JsonWritable {
  switch (caveat.type) {
    case 'Organization':
      return { id: caveat.id, mask: formatMask(caveat.mask) };
    case 'Apps':
      return { apps: masks(caveat.apps) };
    case 'Volumes':
      return { volumes: masks(caveat.volumes) };
    case 'Machines':
      return { machines: masks(caveat.machines) };
    case 'Clusters':
      return { clusters: masks(caveat.clusters) };
    case 'FeatureSet':
    case 'AppFeatureSet':
    case 'MachineFeatureSet':
      return { features: masks(caveat.features) };
    case 'StorageObjects':
      return { storage_objects: masks(caveat.prefixes) };
    case 'ValidityWindow':
      return { not_before: caveat.notBefore, not_after: caveat.notAfter };
    case 'Mutations':
      return { mutations: caveat.mutations };
    case 'IfPresent':
      return { ifs: caveat.ifs.map((inner) => withBody(inner, unknown)), else: formatMask(caveat.else) };
    case 'Action':
      return formatMask(caveat.mask);
    case 'Commands':
      return (
        caveat.commands?.map(({ args, exact }): JsonWritable => (exact ? { args, exact } : { args })) ?? null
      );
    case 'FromMachineSource':
      return { id: caveat.machine };
    case 'FlySrc':
      return { organization: caveat.organization, app: caveat.app, instance: caveat.instance };
    case 'AllowedRoles':
      return caveat.roles;
    case 'IsMember':
      return {};
    case 'ConfineUser':
    case 'ConfineOrganization':
      return { id: caveat.id };
    case 'IsUser':
      return { uint64: caveat.id };
    case 'ConfineGitHubOrg':
    case 'FlyioUserID':
    case 'GitHubUserID':
    case 'GoogleUserID':
      return caveat.id;
    case 'ConfineGoogleHD':
      return caveat.domain;
    case 'MaxValidity':
      return caveat.seconds;
    case '3P':
      return {
        Location: caveat.location,
        VerifierKey: caveat.verifierKey && encodeBase64(caveat.verifierKey),
        Ticket: encodeBase64(caveat.ticket),
      };
    case 'BindToParentToken':
      return caveat.prefix && encodeBase64(caveat.prefix);
  }
}

/** Keys in the order of their text (`10`, `300`, `9`), as the reference writes them. */
function masks(map: ReadonlyMap<bigint | string, ActionMask> | null): JsonWritable {
  if (map === null) return null;
  const entries = [...map].map(([key, mask]) => [String(key), formatMask(mask)] as const);
  return new Map(entries.sort(([a], [b]) => compareBytes(utf8(a), utf8(b))));
}
