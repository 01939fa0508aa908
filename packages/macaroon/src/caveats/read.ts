import { EVERY_BIT } from './action.ts';
import type { Caveat, Command, IdMasks, NameMasks } from './caveat.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { attempt, Reader, type DecodeReason } from '../msgpack/reader.ts';
import type { Result } from '../result.ts';

/** Reads the canonical bytes of a caveat set that stands alone, as `encodeCaveats` writes it. */
export function decodeCaveats(
  bytes: Uint8Array,
  limits: Limits = LIMITS,
): Result<readonly Caveat[], DecodeReason> {
  return attempt(() => {
    const reader = new Reader(bytes, limits);
    const caveats = readCaveatSet(reader);
    reader.finish();
    return caveats;
  });
}

/** How much more a token may hold; nested caveats count. */
interface Budget {
  caveats: number;
  thirdParties: number;
}

/**
 * Reads a caveat set: one flat array of type, body, type, body. Adds to `marks` where each type and body begins, and where the
 * last one ends.
 */
export function readCaveatSet(reader: Reader, marks?: number[]): readonly Caveat[] {
  const { caveats, thirdParties } = reader.limits;
  return readSet(reader, { caveats, thirdParties }, 0, marks);
}

function readSet(reader: Reader, budget: Budget, depth: number, marks?: number[]): readonly Caveat[] {
  const length = reader.array(2 * reader.limits.caveats);
  if (length % 2 !== 0) reader.malformed('caveat without a body');
  budget.caveats -= length / 2;
  if (budget.caveats < 0) reader.overLimit('too many caveats');
  const caveats: Caveat[] = [];
  for (let left = length / 2; left > 0; left--) {
    marks?.push(reader.offset);
    caveats.push(readCaveat(reader, budget, depth));
  }
  marks?.push(reader.offset);
  return caveats;
}

function readCaveat(reader: Reader, budget: Budget, depth: number): Caveat {
  const number = reader.unsigned64();
  switch (number) {
    case 0:
      reader.struct(2);
      return { type: 'Organization', id: reader.id(), mask: readMask(reader) };
    case 2:
      return { type: 'Volumes', volumes: readNames(reader) };
    case 3:
      return { type: 'Apps', apps: readIds(reader) };
    case 4:
      reader.struct(2);
      return { type: 'ValidityWindow', notBefore: reader.signed64(), notAfter: reader.signed64() };
    case 5:
      return { type: 'FeatureSet', features: readNames(reader) };
    case 6:
      reader.struct(1);
      return { type: 'Mutations', mutations: readTexts(reader) };
    case 7:
      return { type: 'Machines', machines: readNames(reader) };
    case 8:
      reader.struct(1);
      return { type: 'ConfineUser', id: reader.id() };
    case 9:
      reader.struct(1);
      return { type: 'ConfineOrganization', id: reader.id() };
    case 10:
      reader.struct(1);
      return { type: 'IsUser', id: reader.id() };
    case 11:
      // Each costs whoever looks for its discharge: the 17th is refused before anybody looks.
      if (--budget.thirdParties < 0) reader.overLimit('too many third parties');
      reader.struct(3);
      return {
        type: '3P',
        location: reader.text(),
        verifierKey: reader.takeNil() ? null : reader.bin(),
        ticket: reader.bin(),
      };
    case 12:
      return { type: 'BindToParentToken', prefix: reader.takeNil() ? null : reader.bin() };
    case 13:
      return readIfPresent(reader, budget, depth + 1);
    case 14:
      return { type: 'MachineFeatureSet', features: readNames(reader) };
    case 15:
      reader.struct(1);
      return { type: 'FromMachineSource', machine: reader.text() };
    case 16:
      return { type: 'Clusters', clusters: readNames(reader) };
    case 19:
      return { type: 'ConfineGoogleHD', domain: reader.text() };
    case 20:
      return { type: 'ConfineGitHubOrg', id: reader.id() };
    case 21:
      return { type: 'MaxValidity', seconds: reader.unsigned64() };
    case 22:
      reader.struct(0);
      return { type: 'IsMember' };
    case 23:
      return { type: 'FlyioUserID', id: reader.id() };
    case 24:
      return { type: 'GitHubUserID', id: reader.id() };
    case 25:
      return { type: 'GoogleUserID', id: readMagnitude(reader) };
    case 26:
      return { type: 'Action', mask: readMask(reader) };
    case 27:
      return { type: 'Commands', commands: readList(reader, () => readCommand(reader)) };
    case 28:
      return { type: 'AppFeatureSet', features: readNames(reader) };
    case 29:
      return { type: 'StorageObjects', prefixes: readNames(reader) };
    case 30:
      return { type: 'AllowedRoles', roles: reader.unsigned(0xffffffff) };
    case 31:
      reader.struct(3);
      return {
        type: 'FlySrc',
        organization: reader.text(),
        app: reader.text(),
        instance: reader.text(),
      };
    default:
      return { type: 'Unknown', number: BigInt(number), body: reader.skip() };
  }
}

function readIfPresent(reader: Reader, budget: Budget, depth: number): Caveat {
  if (depth > reader.limits.ifPresentDepth) reader.overLimit('IfPresent nested too deeply');
  reader.struct(2);
  // A nil list can be encoded, but it crashes the reference when it is cleared; here it does not get that far.
  return { type: 'IfPresent', ifs: readSet(reader, budget, depth), else: readMask(reader) };
}

function readMask(reader: Reader): number {
  return reader.unsigned(EVERY_BIT);
}

function readIds(reader: Reader): IdMasks {
  reader.struct(1);
  return reader.takeNil() ? null : reader.idMap(() => readMask(reader));
}

function readNames(reader: Reader): NameMasks {
  reader.struct(1);
  return reader.takeNil() ? null : reader.textMap(() => readMask(reader));
}

function readList<T>(reader: Reader, item: () => T): readonly T[] | null {
  if (reader.takeNil()) return null;
  const items: T[] = [];
  for (let left = reader.array(); left > 0; left--) items.push(item());
  return Object.freeze(items);
}

function readTexts(reader: Reader): readonly string[] | null {
  return readList(reader, () => reader.text());
}

function readCommand(reader: Reader): Command {
  reader.struct(2);
  return Object.freeze({ args: readTexts(reader), exact: reader.bool() });
}

/** A whole number as big-endian bytes without leading zeros; zero is no bytes at all. */
function readMagnitude(reader: Reader): bigint {
  const bytes = reader.bin();
  if (bytes[0] === 0) reader.malformed('leading zero');
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
