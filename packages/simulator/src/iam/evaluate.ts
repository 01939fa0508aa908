import { BlockList, isIP } from 'node:net';
import type { World } from '../world/world.ts';
import type { AccessKey } from '../world/storage.ts';
import { readPolicy, wildcard, type Condition, type Statement } from './document.ts';

/** What a key wants to do. */
export interface AccessQuestion {
  /** Example `s3:GetObject`. */
  readonly action: string;
  /** Example `arn:aws:s3:::bucket/key`. */
  readonly resource: string;
  readonly now: Date;
  readonly sourceIp: string;
}

/**
 * Whether the policies attached to a key allow it: an explicit Deny beats every Allow, and what nobody allows is denied.
 */
export function isAllowed(world: World, key: AccessKey, question: AccessQuestion): boolean {
  const statements = [...key.policies].flatMap((arn) => {
    const policy = world.policies.get(arn);
    return policy ? readPolicy(policy.document) : [];
  });
  const fitting = statements.filter((statement) => applies(statement, question));
  if (fitting.some((statement) => statement.effect === 'Deny')) return false;
  return fitting.some((statement) => statement.effect === 'Allow');
}

function applies(statement: Statement, question: AccessQuestion): boolean {
  return (
    statement.actions.some((action) => wildcard(action, 'i').test(question.action)) &&
    statement.resources.some((resource) => wildcard(resource).test(question.resource)) &&
    statement.conditions.every((condition) => holds(condition, question))
  );
}

function holds(condition: Condition, question: AccessQuestion): boolean {
  const nowMs = question.now.getTime();
  const dates = condition.values.map((value) => Date.parse(value));
  switch (condition.operator) {
    case 'DateEquals':
      return dates.some((date) => nowMs === date);
    case 'DateNotEquals':
      return dates.every((date) => nowMs !== date);
    case 'DateLessThan':
      return dates.some((date) => nowMs < date);
    case 'DateLessThanEquals':
      return dates.some((date) => nowMs <= date);
    case 'DateGreaterThan':
      return dates.some((date) => nowMs > date);
    case 'DateGreaterThanEquals':
      return dates.some((date) => nowMs >= date);
    case 'IpAddress':
      return condition.values.some((range) => contains(range, question.sourceIp));
    case 'NotIpAddress':
      return condition.values.every((range) => !contains(range, question.sourceIp));
    default:
      return false;
  }
}

function contains(range: string, address: string): boolean {
  const [network = '', bits] = range.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(network) === 0 || isIP(address) === 0) return false;
  const list = new BlockList();
  list.addSubnet(network, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
