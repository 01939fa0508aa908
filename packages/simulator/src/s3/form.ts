import { isObject, type JsonObject } from '../world/json.ts';
import type { Simulation } from '../simulation.ts';
import { authorize, bucketOf, empty, xml, type S3Call } from './call.ts';
import { describing, store } from './objects.ts';
import { checksumOf } from './wire/checksums.ts';
import { S3Refusal } from './wire/refusal.ts';
import { verifyForm } from './wire/signature.ts';
import { xmlOf } from './wire/xml.ts';

/** Fields that no condition of the policy has to name. */
const UNCONDITIONED: ReadonlySet<string> = new Set([
  'file',
  'policy',
  'x-amz-signature',
  'awsaccesskeyid',
  'signature',
]);
const LONGEST_KEY_BYTES = 1024;

/** `POST /bucket` of a form: an upload from a browser, by a policy that somebody with a key has signed for it. */
export async function postForm(
  simulation: Simulation,
  bucket: string,
  form: FormData,
  from: { host: string; sourceIp: string },
): Promise<Response> {
  const file = form.get('file');
  const fields = new Map<string, string>();
  for (const [name, value] of form.entries()) {
    if (name !== 'file' && typeof value === 'string') fields.set(name.toLowerCase(), value);
  }
  const key = (fields.get('key') ?? '').replaceAll('${filename}', file instanceof Blob ? nameOf(file) : '');
  if (file === null || key === '' || Buffer.byteLength(key) > LONGEST_KEY_BYTES)
    throw new S3Refusal('InvalidArgument', 'Bucket POST must contain a field named key and a file');
  if (!fields.has('policy')) throw new S3Refusal('AccessDenied', 'Access Denied');
  const signer = await verifyForm(simulation, (name) => fields.get(name));
  const bytes = new Uint8Array(typeof file === 'string' ? Buffer.from(file) : await file.arrayBuffer());
  checkPolicy(simulation, new Map([...fields, ['bucket', bucket]]), bytes.byteLength);

  const call: S3Call = {
    simulation,
    signer,
    method: 'POST',
    bucket,
    key,
    query: new URLSearchParams(),
    headers: headersOf(fields),
    bytes,
    checksum: undefined,
    sourceIp: from.sourceIp,
  };
  if ((fields.get('acl') ?? 'private') !== 'private')
    throw new S3Refusal('NotImplemented', 'Only private buckets and objects are simulated');
  authorize(call, 'PutObject');
  const object = store(call, bucketOf(call), bytes, {
    ...describing(call.headers),
    checksum: checksumOf(bytes),
  });
  const location = `http://${from.host}/${bucket}/${encodeURIComponent(key)}`;
  return answerOf(fields, { location, bucket, key, etag: `"${object.etag}"` });
}

function answerOf(
  fields: ReadonlyMap<string, string>,
  { location, bucket, key, etag }: { location: string; bucket: string; key: string; etag: string },
): Response {
  const redirect = fields.get('success_action_redirect') ?? fields.get('redirect') ?? '';
  if (URL.canParse(redirect)) {
    const target = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key, etag })) target.searchParams.set(name, value);
    return empty(303, { location: target.href, etag });
  }
  const status = fields.get('success_action_status');
  if (status !== '201') return empty(status === '200' ? 200 : 204, { location, etag });
  const body = xmlOf('PostResponse', { Location: location, Bucket: bucket, Key: key, ETag: etag });
  return new Response(body, {
    status: 201,
    headers: { ...Object.fromEntries(xml('').headers), location, etag },
  });
}

/** Fields that would be headers of a PUT. */
function headersOf(fields: ReadonlyMap<string, string>): Headers {
  if (fields.has('tagging')) throw new S3Refusal('NotImplemented', 'The field tagging is not simulated');
  const headers = new Headers();
  for (const [name, value] of fields) {
    if (/^[\t\u0020-\u007E\u0080-\u00FF]*$/.test(value) && /^[a-z0-9-]+$/.test(name))
      headers.set(name, value);
  }
  return headers;
}

/** Every condition holds, and every field is one that a condition speaks of. */
function checkPolicy(simulation: Simulation, fields: ReadonlyMap<string, string>, size: number): void {
  const policy = policyOf(fields.get('policy') ?? '');
  const end = Date.parse(String(policy['expiration']));
  if (Number.isNaN(end)) throw badPolicy('expiration is not a time');
  if (simulation.clock.nowMs() > end) throw denied('Policy expired.');
  const conditions = policy['conditions'];
  if (!Array.isArray(conditions)) throw badPolicy('there are no conditions');
  const named = new Set<string>();
  for (const condition of conditions as unknown[]) {
    for (const [operator, name, value] of readCondition(condition)) {
      if (operator === 'content-length-range') {
        if (size < Number(name))
          throw new S3Refusal(
            'EntityTooSmall',
            'Your proposed upload is smaller than the minimum allowed size',
          );
        if (size > Number(value))
          throw new S3Refusal('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
        continue;
      }
      named.add(name);
      const given = fields.get(name) ?? '';
      const holds = operator === 'eq' ? given === value : given.startsWith(value);
      if (!holds) throw denied(`Policy Condition failed: ["${operator}", "$${name}", "${value}"]`);
    }
  }
  const extra = [...fields.keys()].find(
    (name) => !UNCONDITIONED.has(name) && !name.startsWith('x-ignore-') && !named.has(name),
  );
  if (extra !== undefined && extra !== 'bucket') throw denied(`Extra input fields: ${extra}`);
}

type Condition = readonly [operator: string, name: string, value: string];

/** `{"name": "value"}`, `["eq", "$name", "value"]` and its kin. */
function readCondition(condition: unknown): Condition[] {
  if (isObject(condition))
    return Object.entries(condition).map(([name, value]) => ['eq', name.toLowerCase(), String(value)]);
  if (!Array.isArray(condition) || condition.length !== 3) throw badPolicy('a condition is not one');
  const [operator, name, value] = (condition as unknown[]).map(String) as [string, string, string];
  const word = operator.toLowerCase();
  if (word === 'content-length-range') {
    if (!/^\d{1,15}$/.test(name) || !/^\d{1,15}$/.test(value)) throw badPolicy('a length is not a number');
    return [[word, name, value]];
  }
  if ((word !== 'eq' && word !== 'starts-with') || !name.startsWith('$'))
    throw badPolicy('a condition is not one');
  return [[word, name.slice(1).toLowerCase(), value]];
}

function policyOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString());
    if (isObject(value)) return value;
  } catch {
    // It is said below.
  }
  throw badPolicy('it is not JSON');
}

function badPolicy(why: string): S3Refusal {
  return new S3Refusal(
    'InvalidPolicyDocument',
    `The content of the form does not meet the conditions specified in the policy document: ${why}`,
  );
}

function denied(why: string): S3Refusal {
  return new S3Refusal('AccessDenied', `Invalid according to Policy: ${why}`);
}

function nameOf(file: Blob): string {
  return 'name' in file && typeof file.name === 'string' ? file.name : '';
}
