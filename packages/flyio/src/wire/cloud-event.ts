import { ok, parseStrictJson, refuse, type JsonReason, type Result } from '@hangar/security';
import { z } from 'zod';
import { instantText } from './text.ts';

/** A CloudEvent as it concerns us. `data` is what the producer put in, unchecked. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** RFC 3339, as sent. */
  readonly time?: string;
  readonly subject?: string;
  readonly dataContentType?: string;
  /** Attributes the specification does not name. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly data?: unknown;
}

/** Why a request is no CloudEvent. `batch` and `content_type` deserve a 415, everything else a 400. */
export type CloudEventReason =
  | { readonly tag: 'batch' }
  | { readonly tag: 'content_type'; readonly contentType: string }
  | { readonly tag: 'attribute_missing'; readonly attribute: string }
  | { readonly tag: 'attribute_malformed'; readonly attribute: string }
  | { readonly tag: 'specversion'; readonly specVersion: string }
  | { readonly tag: 'data'; readonly json: JsonReason };

const known: readonly string[] = [
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'datacontenttype',
  'dataschema',
];
const maxAttributeLength = 1024;
const attributeName = /^[a-z0-9]{1,40}$/;

/** JSON members other than the attributes. */
const bodyMembers: readonly string[] = ['data', 'data_base64'];
const attributeValue = z.union([z.string(), z.number(), z.boolean()]);

/**
 * Reads a CloudEvent 1.0 from a request: binary mode (attributes in `ce-*` headers) or structured mode (one
 * JSON object). Batches are refused. Call it after the signature over the bytes was checked; the headers are
 * not covered by that signature, so an event is a hint to look, never a proof.
 */
export function parseCloudEvent(headers: Headers, bytes: Uint8Array): Result<CloudEvent, CloudEventReason> {
  const contentType = headers.get('content-type') ?? '';
  const mediaType = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  if (
    mediaType === 'application/cloudevents-batch' ||
    mediaType.startsWith('application/cloudevents-batch+')
  ) {
    return refuse({ tag: 'batch' });
  }
  if (mediaType === 'application/cloudevents+json') return readStructured(bytes);
  if (mediaType.startsWith('application/cloudevents')) return refuse({ tag: 'content_type', contentType });
  return readBinary(headers, contentType, mediaType, bytes);
}

function readBinary(
  headers: Headers,
  contentType: string,
  mediaType: string,
  bytes: Uint8Array,
): Result<CloudEvent, CloudEventReason> {
  const attributes = new Map<string, string>();
  for (const [header, value] of headers) {
    if (!header.startsWith('ce-')) continue;
    const attribute = header.slice(3);
    const text = readHeaderValue(value);
    if (attribute === 'datacontenttype' || !attributeName.test(attribute) || text === undefined) {
      return refuse({ tag: 'attribute_malformed', attribute: attribute.slice(0, 40) });
    }
    attributes.set(attribute, text);
  }
  if (contentType !== '') attributes.set('datacontenttype', contentType);
  if (bytes.byteLength === 0) return assemble(attributes, undefined);
  if (mediaType !== '' && mediaType !== 'application/json' && !mediaType.endsWith('+json')) {
    return refuse({ tag: 'content_type', contentType });
  }
  const data = parseStrictJson(bytes);
  return data.ok ? assemble(attributes, data.value) : refuse({ tag: 'data', json: data.reason });
}

function readStructured(bytes: Uint8Array): Result<CloudEvent, CloudEventReason> {
  const json = parseStrictJson(bytes);
  if (!json.ok) return refuse({ tag: 'data', json: json.reason });
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value)) {
    return refuse({ tag: 'data', json: { tag: 'json_malformed' } });
  }
  const attributes = new Map<string, string>();
  for (const [name, member] of Object.entries(json.value)) {
    if (bodyMembers.includes(name) || member === null) continue;
    const value = attributeValue.safeParse(member);
    if (!value.success || !attributeName.test(name)) {
      return refuse({ tag: 'attribute_malformed', attribute: name.slice(0, 40) });
    }
    attributes.set(name, String(value.data));
  }
  return assemble(attributes, 'data' in json.value ? json.value.data : undefined);
}

function assemble(
  attributes: ReadonlyMap<string, string>,
  data: unknown,
): Result<CloudEvent, CloudEventReason> {
  const specVersion = attributes.get('specversion');
  if (specVersion === undefined) return refuse({ tag: 'attribute_missing', attribute: 'specversion' });
  if (specVersion !== '1.0') return refuse({ tag: 'specversion', specVersion: specVersion.slice(0, 40) });
  for (const [attribute, value] of attributes) {
    if (value.length > maxAttributeLength) return refuse({ tag: 'attribute_malformed', attribute });
  }
  const [id = '', source = '', type = ''] = ['id', 'source', 'type'].map((name) => attributes.get(name));
  for (const [attribute, value] of Object.entries({ id, source, type })) {
    if (value === '') return refuse({ tag: 'attribute_missing', attribute });
  }
  const time = attributes.get('time');
  if (time !== undefined && !instantText.safeParse(time).success) {
    return refuse({ tag: 'attribute_malformed', attribute: 'time' });
  }
  const subject = attributes.get('subject');
  const dataContentType = attributes.get('datacontenttype');
  return ok({
    id,
    source,
    type,
    ...(time === undefined ? {} : { time }),
    ...(subject === undefined ? {} : { subject }),
    ...(dataContentType === undefined ? {} : { dataContentType }),
    extensions: Object.fromEntries([...attributes].filter(([name]) => !known.includes(name))),
    ...(data === undefined ? {} : { data }),
  });
}

// CloudEvents HTTP binding 3.1.3.2: unquote, then percent-decode once, then it must be UTF-8.
function readHeaderValue(raw: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(raw)) return undefined;
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(raw);
  const text = quoted ? (quoted[1] ?? '').replace(/\\(.)/g, '$1') : raw;
  try {
    return decodeURIComponent(text.replace(/%(?![0-9A-Fa-f]{2})/g, '%25'));
  } catch {
    return undefined;
  }
}
