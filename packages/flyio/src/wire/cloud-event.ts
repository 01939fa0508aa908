import { ok, parseStrictJson, refuse, type JsonReason, type Result } from '@hangar/http';
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
  /** A URI, as sent; never followed. */
  readonly dataSchema?: string;
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
  /** No base64, or beside `data`. */
  | { readonly tag: 'data_base64' }
  | { readonly tag: 'data'; readonly json: JsonReason };

/** Context attributes that the specification names; each is a text, and none of them is an extension. */
const NAMED: readonly string[] = [
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'datacontenttype',
  'dataschema',
];
const MAX_ATTRIBUTE_LENGTH = 1024;
const ATTRIBUTE_NAME = /^[a-z0-9]{1,40}$/;

/** The two members of the JSON format that hold the data (3.1); everything beside them is an attribute. */
const DATA = 'data';
const DATA_BASE64 = 'data_base64';

/** What an extension may be in JSON (2.2). An Integer is one of 32 bits. */
const extensionValue = z.union([z.string(), z.int32(), z.boolean()]);

/**
 * Reads a CloudEvent 1.0 from a request: binary mode (attributes in `ce-*` headers) or structured mode (one
 * JSON object). Batches are refused. Call it after the signature over the bytes was checked; the headers are
 * not covered by that signature, so an event is a hint to look, never a proof.
 */
export function parseCloudEvent(headers: Headers, bytes: Uint8Array): Result<CloudEvent, CloudEventReason> {
  const contentType = headers.get('content-type') ?? '';
  const mediaType = mediaTypeOf(contentType);
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
    if (
      attribute === 'datacontenttype' ||
      attribute === DATA ||
      !ATTRIBUTE_NAME.test(attribute) ||
      text === undefined
    ) {
      return refuse({ tag: 'attribute_malformed', attribute: attribute.slice(0, 40) });
    }
    attributes.set(attribute, text);
  }
  if (contentType !== '') attributes.set('datacontenttype', contentType);
  if (bytes.byteLength === 0) return assemble(attributes, undefined);
  if (!isJson(mediaType)) return refuse({ tag: 'content_type', contentType });
  const data = parseStrictJson(bytes);
  return data.ok ? assemble(attributes, data.value) : refuse({ tag: 'data', json: data.reason });
}

function readStructured(bytes: Uint8Array): Result<CloudEvent, CloudEventReason> {
  const json = parseStrictJson(bytes);
  if (!json.ok) return refuse({ tag: 'data', json: json.reason });
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value)) {
    return refuse({ tag: 'data', json: { tag: 'json_malformed' } });
  }
  const { [DATA]: data, [DATA_BASE64]: encoded, ...members } = json.value as Record<string, unknown>;
  const attributes = new Map<string, string>();
  for (const [name, member] of Object.entries(members)) {
    // An attribute that is not set may be written as null (2.2).
    if (member === null) continue;
    const value = NAMED.includes(name) ? z.string().safeParse(member) : extensionValue.safeParse(member);
    if (!value.success || !ATTRIBUTE_NAME.test(name)) {
      return refuse({ tag: 'attribute_malformed', attribute: name.slice(0, 40) });
    }
    attributes.set(name, String(value.data));
  }
  if (data === undefined && encoded === undefined) return assemble(attributes, undefined);
  const contentType = attributes.get('datacontenttype') ?? '';
  if (!isJson(mediaTypeOf(contentType))) return refuse({ tag: 'content_type', contentType });
  if (encoded === undefined) return assemble(attributes, data);
  const decoded = data === undefined ? readBase64(encoded) : undefined;
  if (decoded === undefined) return refuse({ tag: 'data_base64' });
  const inside = parseStrictJson(decoded);
  return inside.ok ? assemble(attributes, inside.value) : refuse({ tag: 'data', json: inside.reason });
}

/** The bytes of RFC 4648 base64 in its one canonical spelling. Buffer alone skips what is none. */
function readBase64(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined;
  const bytes = Buffer.from(value, 'base64');
  return bytes.toString('base64') === value ? new Uint8Array(bytes) : undefined;
}

function mediaTypeOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

/** Data without a content type is JSON (JSON format 3.1). */
function isJson(mediaType: string): boolean {
  return mediaType === '' || mediaType === 'application/json' || mediaType.endsWith('+json');
}

function assemble(
  attributes: ReadonlyMap<string, string>,
  data: unknown,
): Result<CloudEvent, CloudEventReason> {
  const specVersion = attributes.get('specversion');
  if (specVersion === undefined) return refuse({ tag: 'attribute_missing', attribute: 'specversion' });
  if (specVersion !== '1.0') return refuse({ tag: 'specversion', specVersion: specVersion.slice(0, 40) });
  for (const [attribute, value] of attributes) {
    if (value.length > MAX_ATTRIBUTE_LENGTH) return refuse({ tag: 'attribute_malformed', attribute });
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
  const dataSchema = attributes.get('dataschema');
  for (const [attribute, value] of Object.entries({ subject, dataschema: dataSchema })) {
    if (value === '') return refuse({ tag: 'attribute_malformed', attribute });
  }
  const dataContentType = attributes.get('datacontenttype');
  return ok({
    id,
    source,
    type,
    time,
    subject,
    dataContentType,
    dataSchema,
    extensions: Object.fromEntries([...attributes].filter(([name]) => !NAMED.includes(name))),
    data,
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
