import { EVERY_BIT, type ActionMask } from './action.ts';
import { fromHex } from '../bytes.ts';
import { CAVEAT_NUMBERS, type Caveat, type Command, type IdMasks, type NameMasks } from './caveat.ts';
import { MacaroonError } from '../error.ts';
import { Writer } from '../msgpack/writer.ts';

const KNOWN_NUMBERS = new Set(Object.values(CAVEAT_NUMBERS).map(BigInt));

/** The canonical bytes of a caveat set: one flat array of type, body, type, body. */
export function encodeCaveats(caveats: readonly Caveat[]): Uint8Array {
  const writer = new Writer();
  writeSet(writer, caveats);
  return writer.finish();
}

/** What an ordinary third party's caveat takes: a location, a verifier key and a ticket. */
const THIRD_PARTY_BYTES = 224;

/** Type and body of one caveat, without the array around them. */
export function encodePair(caveat: Caveat): Uint8Array {
  const writer = caveat.type === '3P' ? new Writer(THIRD_PARTY_BYTES) : new Writer();
  writePair(writer, caveat);
  return writer.finish();
}

/** Writes a caveat set into a larger value. */
export function writeSet(writer: Writer, caveats: readonly Caveat[]): void {
  writer.array(2 * caveats.length);
  for (const caveat of caveats) writePair(writer, caveat);
}

/** Writes type and body of one caveat. */
export function writePair(writer: Writer, caveat: Caveat): void {
  if (caveat.type === 'Unknown') {
    if (KNOWN_NUMBERS.has(caveat.number))
      throw new MacaroonError('bad_value', 'an unknown caveat with a known number');
    writer.unsigned(caveat.number).raw(caveat.body);
    return;
  }
  writer.unsigned(CAVEAT_NUMBERS[caveat.type]);
  writeBody(writer, caveat);
}

function writeBody(writer: Writer, caveat: Exclude<Caveat, { type: 'Unknown' }>): void {
  switch (caveat.type) {
    case 'Organization':
      writer.array(2).unsigned(caveat.id);
      return writeMask(writer, caveat.mask);
    case 'Apps':
      return writeIds(writer, caveat.apps);
    case 'Volumes':
      return writeNames(writer, caveat.volumes);
    case 'Machines':
      return writeNames(writer, caveat.machines);
    case 'Clusters':
      return writeNames(writer, caveat.clusters);
    case 'FeatureSet':
    case 'AppFeatureSet':
    case 'MachineFeatureSet':
      return writeNames(writer, caveat.features);
    case 'StorageObjects':
      return writeNames(writer, caveat.prefixes);
    case 'ValidityWindow':
      writer.array(2).signed(caveat.notBefore).signed(caveat.notAfter);
      return;
    case 'Mutations':
      writer.array(1);
      return writeList(writer, caveat.mutations, (mutation) => writer.text(mutation));
    case 'IfPresent':
      writer.array(2);
      writeSet(writer, caveat.ifs);
      return writeMask(writer, caveat.else);
    case 'Action':
      return writeMask(writer, caveat.mask);
    case 'Commands':
      return writeList(writer, caveat.commands, (command) => writeCommand(writer, command));
    case 'FromMachineSource':
      writer.array(1).text(caveat.machine);
      return;
    case 'FlySrc':
      writer.array(3).text(caveat.organization).text(caveat.app).text(caveat.instance);
      return;
    case 'AllowedRoles':
      if (caveat.roles > 0xffffffff) throw new MacaroonError('bad_value', 'roles are 32 bits');
      writer.unsigned(caveat.roles);
      return;
    case 'IsMember':
      writer.array(0);
      return;
    case 'ConfineUser':
    case 'ConfineOrganization':
    case 'IsUser':
      writer.array(1).unsigned(caveat.id);
      return;
    case 'ConfineGitHubOrg':
    case 'FlyioUserID':
    case 'GitHubUserID':
      writer.unsigned(caveat.id);
      return;
    case 'GoogleUserID':
      writer.bin(magnitude(caveat.id));
      return;
    case 'ConfineGoogleHD':
      writer.text(caveat.domain);
      return;
    case 'MaxValidity':
      writer.unsigned(caveat.seconds);
      return;
    case '3P':
      writer.array(3).text(caveat.location);
      writeBytes(writer, caveat.verifierKey);
      writer.bin(caveat.ticket);
      return;
    case 'BindToParentToken':
      return writeBytes(writer, caveat.prefix);
  }
}

function writeMask(writer: Writer, mask: ActionMask): void {
  if (mask > EVERY_BIT) throw new MacaroonError('bad_value', 'a mask is 16 bits');
  writer.unsigned(mask);
}

function writeIds(writer: Writer, map: IdMasks): void {
  writer.array(1);
  if (map === null) writer.nil();
  else writer.idMap(map, (mask) => writeMask(writer, mask));
}

function writeNames(writer: Writer, map: NameMasks): void {
  writer.array(1);
  if (map === null) writer.nil();
  else writer.textMap(map, (mask) => writeMask(writer, mask));
}

function writeList<T>(writer: Writer, list: readonly T[] | null, item: (item: T) => void): void {
  if (list === null) {
    writer.nil();
    return;
  }
  writer.array(list.length);
  for (const entry of list) item(entry);
}

function writeCommand(writer: Writer, command: Command): void {
  writer.array(2);
  writeList(writer, command.args, (arg) => writer.text(arg));
  writer.bool(command.exact);
}

function writeBytes(writer: Writer, bytes: Uint8Array | null): void {
  if (bytes === null) writer.nil();
  else writer.bin(bytes);
}

function magnitude(id: bigint): Uint8Array {
  if (id < 0n) throw new MacaroonError('bad_value', 'an id is not negative');
  if (id === 0n) return new Uint8Array();
  const hex = id.toString(16);
  return fromHex(hex.length % 2 === 0 ? hex : `0${hex}`)!;
}
