import { PLAIN_CRYPTO } from '#crypto';
import { parseMask, type ActionMask } from './action.ts';
import { isWellFormedText } from '../bytes.ts';
import { CAVEAT_NUMBERS, type Caveat, type CaveatType } from './caveat.ts';
import { decodeCaveats } from './read.ts';
import { encodeCaveats } from './write.ts';
import { MacaroonError } from '../error.ts';
import { JsonFailure, parseJsonText, plainJson, type JsonNode, type JsonObject } from './json-text.ts';
import { neverClears } from './never-clears.ts';
import { privateCaveat, type PrivateCaveats } from './private.ts';
import { refuse, type Result } from '../result.ts';

/** Why a text is no caveat set. `path` leads to the place, such as `[0].body.apps`. */
export interface JsonReason {
  readonly tag:
    | 'syntax'
    | 'unknown_type'
    | 'unknown_field'
    | 'missing_field'
    | 'bad_value'
    | 'not_from_json'
    | 'never_clears'
    | 'limit';
  readonly path: string;
  readonly detail: string;
}

class Refused extends Error {
  readonly reason: JsonReason;

  constructor(tag: JsonReason['tag'], path: string, detail: string) {
    super(detail);
    this.reason = { tag, path, detail };
  }
}

const MAX_LENGTH = 262_144;
const ID_MAX = 2n ** 64n - 1n;
const SECONDS_MAX = 2n ** 63n - 1n;

const BY_NUMBER = new Map<bigint, CaveatType>(
  Object.entries(CAVEAT_NUMBERS).map(([name, number]) => [BigInt(number), name as CaveatType]),
);
const BY_NAME = new Map<string, CaveatType>([
  ...Object.keys(CAVEAT_NUMBERS).map((name) => [name, name as CaveatType] as const),
  ['DeprecatedOrganization', 'Organization'],
  ['DeprecatedApps', 'Apps'],
  ['NoAdminFeatures', 'IsMember'],
]);

/** Bodies that a Go program left unset are written as null: the list of commands, and the digest of a binding. */
const MAY_BE_NULL: ReadonlySet<CaveatType> = new Set(['Commands', 'BindToParentToken']);

/**
 * Reads the JSON of a caveat set (docs/specs/token-format.md#json), strictly: a misspelt field would otherwise silently make a caveat that restricts nothing,
 * or everything. 3P caveats are refused (see `addThirdParty`), and so are types without a JSON form.
 *
 * @example
 * const caveats = caveatsFromJson('[{"type":"Apps","body":{"apps":{"123":"r"}}}]');
 * if (!caveats.ok) log(caveats.reason); // where in the text, and what is wrong there
 */
export function caveatsFromJson(
  text: string,
  registry?: PrivateCaveats,
): Result<readonly Caveat[], JsonReason> {
  if (text.length > MAX_LENGTH) return refuse({ tag: 'limit', path: '', detail: 'text too long' });
  try {
    const caveats = readSet(parseJsonText(text), '', registry);
    for (const [index, caveat] of caveats.entries()) {
      const never = neverClears(caveat);
      if (never !== undefined)
        throw new Refused('never_clears', `[${index}]`, `a token with this allows nothing: ${never}`);
    }
    // Reading them back holds them against every limit that a token will be held against.
    const checked = decodeCaveats(encodeCaveats(caveats));
    if (checked.ok) return checked;
    const { tag, detail } = checked.reason;
    return refuse({ tag: tag === 'limit' ? 'limit' : 'bad_value', path: '', detail });
  } catch (error) {
    if (error instanceof Refused) return refuse(error.reason);
    if (error instanceof JsonFailure) {
      return refuse({ tag: 'syntax', path: '', detail: `${error.message} at character ${error.offset}` });
    }
    throw error;
  }
}

function readSet(node: JsonNode, path: string, registry: PrivateCaveats | undefined): readonly Caveat[] {
  return list(node, path).map((item, index) => readCaveat(item, `${path}[${index}]`, registry));
}

function readCaveat(node: JsonNode, path: string, registry: PrivateCaveats | undefined): Caveat {
  const fields = object(node, path, ['type', 'body']);
  const name = text(fields.get('type')!, `${path}.type`);
  const body = fields.get('body')!;
  const number = /^[0-9]{1,20}$/.test(name) ? BigInt(name) : undefined;
  const type = BY_NAME.get(name) ?? (number === undefined ? undefined : BY_NUMBER.get(number));
  if (body === null && !(type !== undefined && MAY_BE_NULL.has(type)))
    throw new Refused('bad_value', `${path}.body`, 'null is no caveat');
  if (type !== undefined && type !== 'Unknown') return readBody(type, body, `${path}.body`, registry);
  const definition = [...(registry?.values() ?? [])].find(
    (each) => each.name === name || each.number === number,
  );
  if (definition?.fromJson === undefined) {
    throw new Refused('unknown_type', `${path}.type`, `no caveat type ${JSON.stringify(name)}`);
  }
  try {
    return privateCaveat(definition, definition.fromJson(plainJson(body)));
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof MacaroonError)) throw error;
    throw new Refused('bad_value', `${path}.body`, error.message);
  }
}

function readBody(
  type: Exclude<CaveatType, 'Unknown'>,
  body: JsonNode,
  path: string,
  registry: PrivateCaveats | undefined,
): Caveat {
  const field = (name: string) => object(body, path, [name]).get(name)!;
  const at = (name: string) => `${path}.${name}`;
  switch (type) {
    case 'Organization': {
      const fields = object(body, path, ['id', 'mask']);
      return { type, id: id(fields.get('id')!, at('id')), mask: mask(fields.get('mask')!, at('mask')) };
    }
    case 'Apps':
      return { type, apps: ids(field('apps'), at('apps')) };
    case 'Volumes':
      return { type, volumes: names(field('volumes'), at('volumes')) };
    case 'Machines':
      return { type, machines: names(field('machines'), at('machines')) };
    case 'Clusters':
      return { type, clusters: names(field('clusters'), at('clusters')) };
    case 'FeatureSet':
    case 'AppFeatureSet':
    case 'MachineFeatureSet':
      return { type, features: names(field('features'), at('features')) };
    case 'StorageObjects':
      return { type, prefixes: names(field('storage_objects'), at('storage_objects')) };
    case 'ValidityWindow': {
      const fields = object(body, path, ['not_before', 'not_after']);
      const second = (name: string) =>
        safe(integer(fields.get(name)!, at(name), -SECONDS_MAX - 1n, SECONDS_MAX));
      return { type, notBefore: second('not_before'), notAfter: second('not_after') };
    }
    case 'Mutations':
      return { type, mutations: texts(field('mutations'), at('mutations')) };
    case 'IfPresent': {
      const fields = object(body, path, ['ifs', 'else']);
      const ifs = readSet(fields.get('ifs')!, at('ifs'), registry);
      return { type, ifs, else: mask(fields.get('else')!, at('else')) };
    }
    case 'Action':
      return { type, mask: mask(body, path) };
    case 'Commands':
      return {
        type,
        commands:
          body === null ? null : list(body, path).map((item, index) => command(item, `${path}[${index}]`)),
      };
    case 'FromMachineSource':
      return { type, machine: text(field('id'), at('id')) };
    case 'FlySrc': {
      const fields = object(body, path, ['organization', 'app', 'instance']);
      const part = (name: string) => text(fields.get(name)!, at(name));
      return { type, organization: part('organization'), app: part('app'), instance: part('instance') };
    }
    case 'AllowedRoles':
      return { type, roles: Number(integer(body, path, 0n, 0xffffffffn)) };
    case 'IsMember':
      object(body, path, []);
      return { type };
    case 'ConfineUser':
    case 'ConfineOrganization':
      return { type, id: id(field('id'), at('id')) };
    case 'IsUser':
      return { type, id: id(field('uint64'), at('uint64')) };
    case 'ConfineGitHubOrg':
    case 'FlyioUserID':
    case 'GitHubUserID':
      return { type, id: id(body, path) };
    case 'GoogleUserID':
      return { type, id: integer(body, path, 0n) };
    case 'ConfineGoogleHD':
      return { type, domain: text(body, path) };
    case 'MaxValidity':
      return { type, seconds: safe(id(body, path)) };
    case 'BindToParentToken': {
      if (body === null) return { type, prefix: null };
      const prefix = PLAIN_CRYPTO.decodeBase64(text(body, path));
      if (prefix === undefined) throw new Refused('bad_value', path, 'expected padded base64');
      return { type, prefix };
    }
    case '3P':
      throw new Refused(
        'not_from_json',
        path,
        'a 3P caveat is sealed to its token and cannot come from JSON',
      );
  }
}

/** An object with exactly these fields. */
function object(
  node: JsonNode,
  path: string,
  required: readonly string[],
  optional: readonly string[] = [],
): JsonObject {
  if (!(node instanceof Map)) throw new Refused('bad_value', path, 'expected an object');
  const fields = node as JsonObject;
  for (const name of fields.keys()) {
    if (!required.includes(name) && !optional.includes(name)) {
      throw new Refused('unknown_field', path, `no field ${JSON.stringify(name)} here`);
    }
  }
  for (const name of required) {
    if (!fields.has(name))
      throw new Refused('missing_field', path, `field ${JSON.stringify(name)} is missing`);
  }
  return fields;
}

function list(node: JsonNode, path: string): readonly JsonNode[] {
  if (!Array.isArray(node)) throw new Refused('bad_value', path, 'expected a list');
  return node as readonly JsonNode[];
}

function text(node: JsonNode, path: string): string {
  if (typeof node !== 'string' || !isWellFormedText(node))
    throw new Refused('bad_value', path, 'expected a text');
  return node;
}

function texts(node: JsonNode, path: string): readonly string[] | null {
  if (node === null) return null;
  return list(node, path).map((item, index) => text(item, `${path}[${index}]`));
}

function command(node: JsonNode, path: string) {
  const fields = object(node, path, ['args'], ['exact']);
  const exact = fields.get('exact') ?? false;
  if (typeof exact !== 'boolean') throw new Refused('bad_value', `${path}.exact`, 'expected true or false');
  return { args: texts(fields.get('args')!, `${path}.args`), exact };
}

function integer(node: JsonNode, path: string, least: bigint, most?: bigint): bigint {
  if (typeof node !== 'bigint') throw new Refused('bad_value', path, 'expected a whole number');
  if (node < least || (most !== undefined && node > most)) {
    throw new Refused('bad_value', path, 'number out of range');
  }
  return node;
}

function id(node: JsonNode, path: string): bigint {
  return integer(node, path, 0n, ID_MAX);
}

function safe(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function mask(node: JsonNode, path: string): ActionMask {
  const parsed = parseMask(text(node, path));
  if (parsed.ok) return parsed.value;
  throw new Refused(
    'bad_value',
    path,
    `${JSON.stringify(parsed.reason.letter)} is no action; use r, w, c, d, C`,
  );
}

function names(node: JsonNode, path: string): ReadonlyMap<string, ActionMask> | null {
  return masks(node, path, (key) => text(key, path));
}

function ids(node: JsonNode, path: string): ReadonlyMap<bigint, ActionMask> | null {
  return masks(node, path, (key) => {
    if (!/^[0-9]{1,64}$/.test(key))
      throw new Refused('bad_value', path, `${JSON.stringify(key)} is no number`);
    return integer(BigInt(key), path, 0n, ID_MAX);
  });
}

function masks<K>(node: JsonNode, path: string, key: (name: string) => K): ReadonlyMap<K, ActionMask> | null {
  if (node === null) return null;
  if (!(node instanceof Map)) throw new Refused('bad_value', path, 'expected an object');
  const map = new Map<K, ActionMask>();
  for (const [name, value] of node as JsonObject) {
    const parsed = key(name);
    if (map.has(parsed)) throw new Refused('bad_value', path, `${JSON.stringify(name)} twice`);
    map.set(parsed, mask(value, `${path}[${JSON.stringify(name)}]`));
  }
  return map;
}
