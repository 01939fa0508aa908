import { readFileSync, statSync } from 'node:fs';
import {
  DEFAULT_POLICY,
  POLICY_RULES,
  type PolicyMember,
  type ReadPolicy,
  readPolicy,
  valueIn,
} from '@hangar/gateway/policy';
import { type JsonReason, ok, parseStrictJson, refuse, type Result } from '@hangar/http';
import { redactText } from '@hangar/security';
import type { Complaint } from './parsers.ts';

/** What the operator allows in environments, and the file that says so; undefined when there is none. */
export interface OperatorPolicy extends ReadPolicy {
  readonly file: string | undefined;
}

/** The policy of an operator who has not written one. */
export const NO_POLICY_FILE: OperatorPolicy = { policy: DEFAULT_POLICY, decided: [], file: undefined };

/** Hundreds of times what every value together needs; a larger file is another one. */
const MOST_BYTES = 262_144;
const LONGEST_PATH = 1024;

/** Reads `HANGAR_POLICY_FILE`. Everything that is wrong is said at once, each with the file's path and what to do. */
export function readPolicyFile(file: string): Result<OperatorPolicy, readonly Complaint[]> {
  // The one value that is repeated: without it nobody knows which file. What looks like a secret is not.
  const shown = redactText(file, LONGEST_PATH);
  const bytes = bytesOf(file);
  if (!bytes.ok) return refuse([`names ${shown}, which ${bytes.reason}`]);
  const json = parseStrictJson(bytes.value, { maxBytes: MOST_BYTES });
  if (!json.ok) return refuse([`names ${shown}, which ${inWords(json.reason)}`]);
  const read = readPolicy(json.value);
  if (read.ok) return ok({ ...read.value, file });
  return refuse(
    read.reason.map(({ path, fault }) =>
      path === '' ? `names ${shown}, which ${fault}` : `names ${shown}, where ${path} ${fault}`,
    ),
  );
}

function bytesOf(file: string): Result<Uint8Array, Complaint> {
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) return refuse('is a folder; name the file in it');
    // Reading a pipe or a device could wait for ever.
    if (!stat.isFile()) return refuse('is not a file; name one');
    if (stat.size > MOST_BYTES)
      return refuse(inWords({ tag: 'json_too_large', bytes: stat.size, maxBytes: MOST_BYTES }));
    return ok(readFileSync(file));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return refuse(
      code === 'ENOENT'
        ? 'does not exist; create it, or unset the variable to have the defaults'
        : `cannot be read (${code}); let the user that runs Hangar read it`,
    );
  }
}

function inWords(reason: JsonReason): Complaint {
  switch (reason.tag) {
    case 'json_too_large':
      return `is larger than ${reason.maxBytes} bytes; a policy is a few hundred`;
    case 'json_not_utf8':
      return 'is not UTF-8; save it as UTF-8';
    case 'json_too_deep':
      return 'is nested too deep; a policy is objects in an object';
    case 'json_duplicate_key':
      return `has ${JSON.stringify(reason.key)} twice in one object; keep one`;
    case 'json_malformed':
      return 'is not JSON; comments and commas at the end of a list are none either';
  }
}

/** Every value in force by its name in the file, and whether the file or the default says so. */
export function effectivePolicy({ policy, decided, file }: OperatorPolicy) {
  const members = Object.keys(POLICY_RULES) as PolicyMember[];
  return Object.fromEntries(
    members.map((member) => [
      POLICY_RULES[member].name,
      { value: valueIn(policy, member), from: decided.includes(member) ? file : 'default' },
    ]),
  );
}
