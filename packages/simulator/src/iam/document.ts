import { isObject } from '../world/json.ts';
import { SUPPORTED_ACTIONS } from './actions.ts';

/** One statement of a policy, its words brought into lists. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

/** A condition: every one of a statement must hold, any of its values suffices. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** The only version of the policy language. */
const VERSION = '2012-10-17';

const DATE_OPERATORS: ReadonlySet<string> = new Set([
  'DateEquals',
  'DateNotEquals',
  'DateLessThan',
  'DateLessThanEquals',
  'DateGreaterThan',
  'DateGreaterThanEquals',
]);
const ADDRESS_OPERATORS: ReadonlySet<string> = new Set(['IpAddress', 'NotIpAddress']);

/** A policy document that Tigris would not take, with the reason. */
export class MalformedPolicy extends Error {
  override readonly name = 'MalformedPolicy';
}

/**
 * Reads a policy document as strictly as Tigris does (docs/specs/platform.md#iam-documents): the one version, the
 * supported actions, S3 resources, and only address conditions and date conditions on `aws:CurrentTime`. Throws
 * MalformedPolicy.
 */
export function readPolicy(text: string): Statement[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new MalformedPolicy('This policy contains invalid Json');
  }
  if (!isObject(document)) throw new MalformedPolicy('Syntax errors in policy.');
  refuseOthers(document, ['Version', 'Id', 'Statement']);
  if (document['Version'] !== VERSION) throw new MalformedPolicy(`The policy version must be ${VERSION}`);
  const statements = listOf(document['Statement']);
  if (statements.length === 0) throw new MalformedPolicy('The policy must contain at least one statement');
  return statements.map(readStatement);
}

function readStatement(value: unknown): Statement {
  if (!isObject(value)) throw new MalformedPolicy('Syntax errors in policy.');
  refuseOthers(value, ['Sid', 'Effect', 'Action', 'Resource', 'Condition']);
  const effect = value['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw new MalformedPolicy('Effect must be Allow or Deny');
  const actions = textsOf(value['Action'], 'Action');
  for (const action of actions) {
    const pattern = wildcard(action, 'i');
    if (!SUPPORTED_ACTIONS.some((one) => pattern.test(one))) {
      throw new MalformedPolicy(`The action ${action} is not supported`);
    }
  }
  const resources = textsOf(value['Resource'], 'Resource');
  for (const resource of resources) {
    if (resource !== '*' && !resource.startsWith('arn:aws:s3:::')) {
      throw new MalformedPolicy(`Resource ${resource} must be in ARN format or "*".`);
    }
  }
  return { effect, actions, resources, conditions: readConditions(value['Condition']) };
}

function readConditions(value: unknown): Condition[] {
  if (value === undefined) return [];
  if (!isObject(value)) throw new MalformedPolicy('Syntax errors in policy.');
  return Object.entries(value).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw new MalformedPolicy('Syntax errors in policy.');
    return Object.entries(keys).map(([key, given]) => readCondition(operator, key, textsOf(given, key)));
  });
}

function readCondition(operator: string, key: string, values: string[]): Condition {
  const word = key.toLowerCase();
  if (DATE_OPERATORS.has(operator)) {
    if (word !== 'aws:currenttime')
      throw new MalformedPolicy(`${operator} is supported on aws:CurrentTime only`);
    for (const value of values) {
      if (Number.isNaN(Date.parse(value))) throw new MalformedPolicy(`${value} is not a date`);
    }
  } else if (ADDRESS_OPERATORS.has(operator)) {
    if (word !== 'aws:sourceip') throw new MalformedPolicy(`${operator} is supported on aws:SourceIp only`);
  } else {
    throw new MalformedPolicy(`The condition operator ${operator} is not supported`);
  }
  return { operator, key: word, values };
}

/** A pattern of the policy language: `*` is anything, `?` one character. */
export function wildcard(pattern: string, flags = ''): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, `s${flags}`);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function textsOf(value: unknown, name: string): string[] {
  const list = listOf(value);
  if (list.length === 0) throw new MalformedPolicy(`Policy statement must contain ${name}.`);
  return list.map((one) => {
    if (typeof one !== 'string') throw new MalformedPolicy(`${name} must be text`);
    return one;
  });
}

function refuseOthers(value: Record<string, unknown>, known: readonly string[]): void {
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined) throw new MalformedPolicy(`The policy element ${other} is not supported`);
}
