import type { Bucket, CorsRule } from '../../world/storage.ts';
import { authorize, bucketOf, empty, xml, type S3Call } from '../call.ts';
import { S3Refusal } from '../wire/refusal.ts';
import { elementsOf, readXml, S3_NAMESPACE, textIn, textsIn, xmlOf } from '../wire/xml.ts';

const MOST_RULES = 100;
const METHODS: ReadonlySet<string> = new Set(['GET', 'PUT', 'POST', 'DELETE', 'HEAD']);

/** `GET /bucket?cors`. */
export function getCors(call: S3Call): Response {
  authorize(call, 'GetBucketCORS');
  const { cors } = bucketOf(call);
  if (!cors) throw new S3Refusal('NoSuchCORSConfiguration', 'The CORS configuration does not exist');
  const CORSRule = cors.map((rule) => ({
    ...(rule.id === undefined ? {} : { ID: rule.id }),
    AllowedHeader: rule.headers,
    AllowedMethod: rule.methods,
    AllowedOrigin: rule.origins,
    ExposeHeader: rule.exposed,
    ...(rule.maxAgeSeconds === undefined ? {} : { MaxAgeSeconds: rule.maxAgeSeconds }),
  }));
  return xml(xmlOf('CORSConfiguration', { CORSRule }, S3_NAMESPACE));
}

/** `PUT /bucket?cors`. */
export function putCors(call: S3Call): Response {
  authorize(call, 'PutBucketCORS');
  const bucket = bucketOf(call);
  const rules = elementsOf(readXml(call.bytes, 'CORSConfiguration'), 'CORSRule') ?? [];
  const read = rules.map((rule): CorsRule => {
    const [id, age] = [textIn(rule, 'ID'), textIn(rule, 'MaxAgeSeconds')];
    if (age !== undefined && !/^\d{1,9}$/.test(age)) throw malformed();
    return {
      id,
      origins: textsIn(rule, 'AllowedOrigin'),
      methods: textsIn(rule, 'AllowedMethod'),
      headers: textsIn(rule, 'AllowedHeader'),
      exposed: textsIn(rule, 'ExposeHeader'),
      maxAgeSeconds: age === undefined ? undefined : Number(age),
    };
  });
  if (read.length === 0 || read.length > MOST_RULES) throw malformed();
  for (const { origins, methods } of read) {
    if (origins.length === 0 || methods.length === 0) throw malformed();
    const unknown = methods.find((method) => !METHODS.has(method));
    if (unknown !== undefined)
      throw new S3Refusal('InvalidRequest', `Found unsupported HTTP method in CORS config: ${unknown}`);
    if (origins.some((origin) => origin.split('*').length > 2))
      throw new S3Refusal('InvalidRequest', 'An AllowedOrigin can have one wildcard at most');
  }
  bucket.cors = read;
  call.simulation.world.buckets.changed(bucket.name);
  return empty(200);
}

/** `DELETE /bucket?cors`. */
export function deleteCors(call: S3Call): Response {
  authorize(call, 'PutBucketCORS');
  const bucket = bucketOf(call);
  delete bucket.cors;
  call.simulation.world.buckets.changed(bucket.name);
  return empty(204);
}

/** What a browser asks before it asks: `OPTIONS` with an origin, which nobody signs. */
export function preflight(bucket: Bucket | undefined, headers: Headers): Response {
  const origin = headers.get('origin');
  const method = headers.get('access-control-request-method');
  if (origin === null || method === null)
    throw new S3Refusal('InvalidRequest', 'Insufficient information. Origin request header needed.');
  const wanted = (headers.get('access-control-request-headers') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const rule = bucket?.cors?.find(
    (one) =>
      fits(one, origin, method) &&
      wanted.every((name) => one.headers.some((known) => matches(known.toLowerCase(), name))),
  );
  if (!rule) throw new S3Refusal('AccessForbidden', 'CORSResponse: This CORS request is not allowed.');
  return empty(200, {
    ...allowing(rule, origin),
    'access-control-allow-methods': rule.methods.join(', '),
    ...(wanted.length === 0 ? {} : { 'access-control-allow-headers': wanted.join(', ') }),
    ...(rule.maxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(rule.maxAgeSeconds) }),
  });
}

/** The headers with which a browser lets a page read an answer; none when the bucket has no rule for it. */
export function corsHeaders(bucket: Bucket | undefined, request: Request): Record<string, string> {
  const origin = request.headers.get('origin');
  const rule = origin === null ? undefined : bucket?.cors?.find((one) => fits(one, origin, request.method));
  return rule && origin !== null ? allowing(rule, origin) : {};
}

function allowing(rule: CorsRule, origin: string): Record<string, string> {
  const anybody = rule.origins.includes('*');
  return {
    'access-control-allow-origin': anybody ? '*' : origin,
    ...(anybody ? {} : { 'access-control-allow-credentials': 'true' }),
    ...(rule.exposed.length === 0 ? {} : { 'access-control-expose-headers': rule.exposed.join(', ') }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

function fits(rule: CorsRule, origin: string, method: string): boolean {
  return rule.methods.includes(method) && rule.origins.some((known) => matches(known, origin));
}

/** One `*` stands for anything. */
function matches(pattern: string, text: string): boolean {
  const [start = '', end] = pattern.split('*');
  if (end === undefined) return pattern === text;
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
}

function malformed(): S3Refusal {
  return new S3Refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate');
}
