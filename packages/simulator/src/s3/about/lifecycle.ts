import type { Bucket, LifecycleRule, StoredObject } from '../../world/storage.ts';
import { authorize, bucketOf, empty, xml, type S3Call } from '../call.ts';
import { remove } from '../objects.ts';
import { S3Refusal } from '../wire/refusal.ts';
import { elementsOf, readXml, S3_NAMESPACE, textIn, xmlOf, type XmlElement } from '../wire/xml.ts';

const MOST_RULES = 10;
const LONGEST_ID = 36;
const DAY_MS = 86_400_000;
const TIERS: ReadonlySet<string> = new Set(['STANDARD_IA', 'GLACIER', 'GLACIER_IR']);

/** `GET /bucket?lifecycle`. */
export function getLifecycle(call: S3Call): Response {
  authorize(call, 'GetLifecycleConfiguration');
  const { lifecycle } = bucketOf(call);
  if (!lifecycle)
    throw new S3Refusal('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist');
  const Rule = lifecycle.map(({ id, prefix, enabled, expires, transition }) => ({
    ID: id,
    Filter: { Prefix: prefix },
    Status: enabled ? 'Enabled' : 'Disabled',
    ...(expires === undefined ? {} : { Expiration: whenWire(expires) }),
    ...(transition === undefined
      ? {}
      : { Transition: { ...whenWire(transition), StorageClass: transition.tier } }),
  }));
  return xml(xmlOf('LifecycleConfiguration', { Rule }, S3_NAMESPACE));
}

/** `PUT /bucket?lifecycle`: up to ten rules, each with one expiration and one transition at most. */
export function putLifecycle(call: S3Call): Response {
  authorize(call, 'PutLifecycleConfiguration');
  const bucket = bucketOf(call);
  const rules = elementsOf(readXml(call.bytes, 'LifecycleConfiguration'), 'Rule') ?? [];
  if (rules.length === 0 || rules.length > MOST_RULES) throw malformed(`there are 1 to ${MOST_RULES} rules`);
  const read = rules.map((rule, index) => ruleOf(rule, index));
  if (new Set(read.map(({ id }) => id)).size !== read.length)
    throw new S3Refusal('InvalidArgument', 'Rule ID must be unique');
  bucket.lifecycle = read;
  call.simulation.world.buckets.changed(bucket.name);
  return empty(200);
}

/** `DELETE /bucket?lifecycle`. */
export function deleteLifecycle(call: S3Call): Response {
  authorize(call, 'PutLifecycleConfiguration');
  const bucket = bucketOf(call);
  delete bucket.lifecycle;
  call.simulation.world.buckets.changed(bucket.name);
  return empty(204);
}

/** Takes away what the rules of the bucket have let expire by now: whoever looks later cannot tell when it went. */
export function expire(call: S3Call, bucket: Bucket): void {
  const nowMs = call.simulation.clock.nowMs();
  const rules = (bucket.lifecycle ?? []).filter((rule) => rule.enabled && rule.expires !== undefined);
  if (rules.length === 0) return;
  for (const [key, object] of bucket.objects) {
    if (rules.some((rule) => key.startsWith(rule.prefix) && isOver(rule, object, nowMs)))
      remove(call, bucket, key);
  }
}

/** Days count to the midnight (UTC) after them, as at S3. */
function isOver({ expires }: LifecycleRule, { modifiedAtMs }: StoredObject, nowMs: number): boolean {
  if (expires === undefined) return false;
  if ('atMs' in expires) return nowMs >= expires.atMs;
  return nowMs >= Math.ceil((modifiedAtMs + expires.days * DAY_MS) / DAY_MS) * DAY_MS;
}

function ruleOf(rule: XmlElement, index: number): LifecycleRule {
  const id = textIn(rule, 'ID') ?? `rule-${index + 1}`;
  const status = textIn(rule, 'Status');
  if (id.length > LONGEST_ID)
    throw new S3Refusal('InvalidArgument', `ID length should not exceed ${LONGEST_ID}`);
  if (status !== 'Enabled' && status !== 'Disabled') throw malformed('Status is Enabled or Disabled');
  const known = new Set(['ID', 'Status', 'Prefix', 'Filter', 'Expiration', 'Transition']);
  const foreign = Object.keys(rule).find((name) => !known.has(name));
  if (foreign !== undefined)
    throw new S3Refusal('NotImplemented', `Tigris has no ${foreign} in lifecycle rules`);
  const expires = elementIn(rule, 'Expiration');
  const moves = elementIn(rule, 'Transition');
  if (!expires && !moves) throw malformed('a rule needs an action');
  const tier = moves ? (textIn(moves, 'StorageClass') ?? '') : '';
  if (moves && !TIERS.has(tier)) throw malformed('StorageClass is not valid');
  return {
    id,
    enabled: status === 'Enabled',
    prefix: prefixOf(rule),
    ...(expires ? { expires: whenOf(expires) } : {}),
    ...(moves ? { transition: { ...whenOf(moves), tier } } : {}),
  };
}

function prefixOf(rule: XmlElement): string {
  const filter = rule['Filter'];
  if (filter === undefined || filter === '') return textIn(rule, 'Prefix') ?? '';
  const element = elementIn(rule, 'Filter');
  const foreign = Object.keys(element ?? {}).find((name) => name !== 'Prefix');
  if (!element || foreign !== undefined)
    throw new S3Refusal(
      'NotImplemented',
      `Tigris filters lifecycle rules by Prefix, not by ${foreign ?? 'text'}`,
    );
  return textIn(element, 'Prefix') ?? '';
}

function whenOf(element: XmlElement): { days: number } | { atMs: number } {
  const [days, date] = [textIn(element, 'Days'), textIn(element, 'Date')];
  if (days !== undefined && date === undefined && /^[1-9]\d{0,8}$/.test(days)) return { days: Number(days) };
  const atMs = Date.parse(date ?? '');
  if (days !== undefined || Number.isNaN(atMs)) throw malformed('an action needs Days, 1 or more, or a Date');
  return { atMs: Math.floor(atMs / DAY_MS) * DAY_MS };
}

function whenWire(when: { days: number } | { atMs: number }): Record<string, unknown> {
  return 'days' in when ? { Days: when.days } : { Date: new Date(when.atMs).toISOString() };
}

function elementIn(rule: XmlElement, name: string): XmlElement | undefined {
  const value = rule[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`there is one ${name} at most, with elements inside`);
  return value as XmlElement;
}

function malformed(why: string): S3Refusal {
  return new S3Refusal(
    'MalformedXML',
    `The XML you provided was not well-formed or did not validate: ${why}`,
  );
}
