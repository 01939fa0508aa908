import { pathTo, readBody, type Fault, type Json, type SchemaName, type SeenLeaf } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { isImage, isVolumeId } from '@hangar/security';
import {
  checkCpuKind,
  checkCpus,
  checkImage,
  checkMemory,
  checkPreset,
  checkRegion,
  checkVolumeSize,
} from '../policy/policy-checks.ts';
import type { EnvironmentPolicy } from '../policy/policy.ts';
import { isReservedSecret } from './storage-secrets.ts';
import { isSecretName } from './name-forms.ts';

/**
 * What Fly.io knows and nobody gets here: it reaches past the environment (another host, kernel or resolver, somebody's
 * bucket or machine), or is not metered.
 */
const NOT_OFFERED: Readonly<Partial<Record<SchemaName, readonly string[]>>> = {
  CreateMachineRequest: ['lsvd'],
  UpdateMachineRequest: ['lsvd'],
  MachineExecRequest: ['machine'],
  'fly.MachineConfig': ['cache_drive', 'spot', 'standbys'],
  'fly.MachineGuest': ['gpu_kind', 'gpus', 'host_dedication_id', 'kernel_args'],
  'fly.MachineInit': ['kernel_args'],
  'fly.MachineRestart': ['gpu_bid_price'],
  'fly.DNSConfig': ['dns_forward_rules', 'hostname', 'hostname_fqdn', 'nameservers', 'options', 'searches'],
  'fly.Static': ['tigris_bucket'],
};

/** Taken from clients and not sent on: the path says which machine it is, and all volumes are for machines. */
const LEFT_OUT: Readonly<Partial<Record<SchemaName, readonly string[]>>> = {
  StopRequest: ['id'],
  CreateVolumeRequest: ['machines_only'],
};

/** Marks that only the gateway writes. */
export const RESERVED_METADATA = 'hangar_';

/** Longest name that Fly.io gives a volume. */
const VOLUME_NAME = /^[a-z0-9_]{1,30}$/;

/** A volume that a body names by its id; its owner is still to be checked. */
export interface NamedVolume {
  readonly path: string;
  readonly id: string;
}

/** A body that passed. */
export interface CheckedBody {
  readonly value: Json;
  readonly volumes: readonly NamedVolume[];
}

/**
 * Checks a body for upstream: only known names at every depth, every leaf of its type, and what the policy says about
 * images, sizes, regions and names, wherever they stand.
 *
 * @param also what else is wrong with the body as far as it could be read
 * @throws HangarError `invalid` naming every fault, or `policy_denied` naming the rules
 */
export function checkBody(
  schema: SchemaName,
  body: unknown,
  policy: EnvironmentPolicy,
  also: (value: Json) => readonly Fault[] = () => [],
): CheckedBody {
  const denials: HangarError[] = [];
  const volumes: NamedVolume[] = [];
  const { value, faults } = readBody(schema, body, {
    notOffered: NOT_OFFERED,
    leftOut: LEFT_OUT,
    look(leaf) {
      const denial = denialOf(leaf, policy);
      if (denial) denials.push(denial);
      if (isVolumeLeaf(leaf) && isVolumeId(String(leaf.value)))
        volumes.push({ path: leaf.path, id: String(leaf.value) });
      return faultsOf(leaf);
    },
  });
  const all = [...faults, ...also(value)];
  if (all.length > 0) throw invalidFields(all);
  if (denials.length > 0) throw together(denials);
  return { value, volumes };
}

/** What is wrong with a leaf of the right type, by the meaning it has. */
function faultsOf({ leaf, path, value, schema, within }: SeenLeaf): readonly Fault[] {
  const text = typeof value === 'string' ? value : '';
  switch (leaf) {
    case 'image':
      return text === '' || isImage(text) ? [] : [{ path, fault: 'not an image reference' }];
    case 'volume':
      return text === '' || isVolumeId(text) || (VOLUME_NAME.test(text) && !text.startsWith('vol_'))
        ? []
        : [{ path, fault: "must be a volume's id (vol_…), or its name: lower-case letters, digits and _" }];
    case 'volume-id':
      return text === '' || isVolumeId(text) ? [] : [{ path, fault: "must be a volume's id (vol_…)" }];
    case 'variable':
      return variableFaults(text, path, schema === 'fly.MachineSecret' ? within['name'] : undefined);
    case 'variables':
      return namesOf(value).flatMap((name) => variableFaults(name, pathTo(path, name), undefined));
    case 'metadata':
    case 'metadata-changes':
      return namesOf(value).flatMap((key) =>
        isReservedMetadata(key)
          ? [{ path: pathTo(path, key), fault: `names that begin with ${RESERVED_METADATA} are reserved` }]
          : [],
      );
    case 'secret-changes':
      return namesOf(value).flatMap((name) => secretFaults(name, pathTo(path, name)));
    default:
      return [];
  }
}

function secretFaults(name: string, path: string): readonly Fault[] {
  if (!isSecretName(name)) return [{ path, fault: 'not a name for a variable' }];
  if (!isReservedSecret(name)) return [];
  return [{ path, fault: 'this secret belongs to the storage of the environment' }];
}

/**
 * The storage credential of the environment comes from its secrets and cannot be shadowed. A secret may be given to a
 * container under its own name.
 */
function variableFaults(name: string, path: string, secret: unknown): readonly Fault[] {
  if (name === '' || /[=\u0000]/.test(name)) return [{ path, fault: 'not a name for a variable' }];
  if (!isReservedSecret(name) || secret === name) return [];
  return [{ path, fault: 'this name is reserved for the storage of the environment' }];
}

/** What the policy has against a leaf. */
function denialOf({ leaf, path, value }: SeenLeaf, policy: EnvironmentPolicy): HangarError | undefined {
  if (value === '') return undefined;
  switch (leaf) {
    case 'image':
      return checkImage(String(value), path, policy);
    case 'region':
      return checkRegion(String(value), path, policy);
    case 'cpu-kind':
      return checkCpuKind(String(value), path, policy);
    case 'cpus':
      return checkCpus(Number(value), path, policy);
    case 'memory':
      return checkMemory(Number(value), path, policy);
    case 'preset':
      return checkPreset(String(value), path, policy);
    case 'gigabytes':
      return checkVolumeSize(Number(value), path, policy);
    default:
      return undefined;
  }
}

function isVolumeLeaf({ leaf }: SeenLeaf): boolean {
  return leaf === 'volume' || leaf === 'volume-id';
}

function namesOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

/** True for a metadata name that only the gateway writes; upstream's keys are compared without case. */
export function isReservedMetadata(key: string): boolean {
  return key.toLowerCase().startsWith(RESERVED_METADATA);
}

/** As many faults as fit into a sentence that somebody reads; the `fields` of the answer have them all. */
const SPOKEN_FAULTS = 5;

/** A refusal that names each field and its fault. */
export function invalidFields(faults: readonly Fault[]): HangarError {
  const fields = new Map<string, string>();
  for (const { path, fault } of faults) if (!fields.has(path)) fields.set(path, fault);
  const spoken = [...fields].slice(0, SPOKEN_FAULTS).map(([path, fault]) => `${path}: ${fault}`);
  if (fields.size > SPOKEN_FAULTS) spoken.push(`and ${fields.size - SPOKEN_FAULTS} more`);
  return new HangarError('invalid', { public: spoken.join('; '), fields: Object.fromEntries(fields) });
}

/** The first refusal, with the fields of all. */
function together(denials: readonly HangarError[]): HangarError {
  const [first, ...more] = denials;
  if (!first || more.length === 0) return first ?? new HangarError('policy_denied');
  const fields = Object.fromEntries(denials.map((one) => [String(one.extra?.['path']), one.sentence]));
  return new HangarError('policy_denied', {
    public: first.sentence,
    fields,
    extra: first.extra,
  });
}
