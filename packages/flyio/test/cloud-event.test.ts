import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { machineEventBody, parseCloudEvent } from '@hangar/flyio';
import { machineEvent } from './fixtures/extensions-page.ts';

const body = new TextEncoder().encode(JSON.stringify(machineEvent));
const binary = {
  'content-type': 'application/json',
  'ce-specversion': '1.0',
  'ce-id': '01HABC',
  'ce-source': '/machines/5683977ad31768',
  'ce-type': 'io.fly.machine.starting',
  'ce-time': '2026-11-20T12:00:00Z',
};
const structured = (event: unknown): ReturnType<typeof parseCloudEvent> =>
  parseCloudEvent(
    new Headers({ 'content-type': 'application/cloudevents+json; charset=utf-8' }),
    new TextEncoder().encode(JSON.stringify(event)),
  );

describe('EVENT-1: an event in binary mode', () => {
  test("has its attributes in headers and the page's body as data", () => {
    const event = parseCloudEvent(new Headers(binary), body);
    expect(event).toEqual({
      ok: true,
      value: {
        id: '01HABC',
        source: '/machines/5683977ad31768',
        type: 'io.fly.machine.starting',
        time: '2026-11-20T12:00:00Z',
        dataContentType: 'application/json',
        extensions: {},
        data: machineEvent,
      },
    });
    expect(machineEventBody.parse(event.ok && event.value.data)).toEqual(machineEvent);
  });

  test('keeps attributes that nobody named, and unknown types', () => {
    const event = parseCloudEvent(
      new Headers({ ...binary, 'ce-traceparent': '00-ab-cd-01', 'ce-type': 'io.fly.host.lost' }),
      body,
    );
    expect(event).toMatchObject({
      ok: true,
      value: { type: 'io.fly.host.lost', extensions: { traceparent: '00-ab-cd-01' } },
    });
  });

  test('may come without data, and without a time', () => {
    const { 'ce-time': _time, 'content-type': _type, ...bare } = binary;
    expect(parseCloudEvent(new Headers(bare), new Uint8Array(0))).toMatchObject({
      ok: true,
      value: { id: '01HABC' },
    });
  });

  test.each(['ce-specversion', 'ce-id', 'ce-source', 'ce-type'])(
    'without %s is refused, naming it',
    (name) => {
      const headers = new Headers(binary);
      headers.delete(name);
      expect(parseCloudEvent(headers, body)).toEqual({
        ok: false,
        reason: { tag: 'attribute_missing', attribute: name.slice(3) },
      });
      headers.set(name, '');
      expect(parseCloudEvent(headers, body).ok).toBe(false);
    },
  );

  test.each([
    ['ce-specversion', '0.3', 'specversion'],
    ['ce-specversion', '1.0.1', 'specversion'],
    ['ce-time', 'yesterday', 'attribute_malformed'],
    ['ce-time', '2026-11-20 12:00', 'attribute_malformed'],
    ['ce-datacontenttype', 'application/json', 'attribute_malformed'],
    ['ce-id', '%ff', 'attribute_malformed'],
    ['ce-id', 'é', 'attribute_malformed'],
    ['ce-my_ext', 'x', 'attribute_malformed'],
    ['ce-subject', 'x'.repeat(1025), 'attribute_malformed'],
    ['content-type', 'application/cloudevents-batch+json', 'batch'],
    ['content-type', 'application/cloudevents+avro', 'content_type'],
    ['content-type', 'text/html', 'content_type'],
  ])('with %s: %s is refused', (name, value, tag) => {
    expect(parseCloudEvent(new Headers({ ...binary, [name]: value }), body)).toMatchObject({
      ok: false,
      reason: { tag },
    });
  });

  test('a value is unquoted, then decoded once, and only once', () => {
    const subject = (raw: string): unknown => {
      const event = parseCloudEvent(new Headers({ ...binary, 'ce-subject': raw }), body);
      return event.ok ? event.value.subject : event.reason.tag;
    };
    expect(subject('Euro%20%E2%82%AC')).toBe('Euro €');
    expect(subject('"a \\"b\\" %20"')).toBe('a "b"  ');
    expect(subject('%2520')).toBe('%20');
    expect(subject('100%')).toBe('100%');
    expect(subject('%c3%28')).toBe('attribute_malformed');
  });

  test('whose body is not strict JSON is refused', () => {
    for (const text of ['{', '{"a":1,"a":2}', '\ufeff{}']) {
      const event = parseCloudEvent(new Headers(binary), new TextEncoder().encode(text));
      expect(event).toMatchObject({ ok: false, reason: { tag: 'data' } });
    }
  });
});

describe('EVENT-1: an event in structured mode', () => {
  const event = {
    specversion: '1.0',
    id: '1',
    source: '/m',
    type: 'io.fly.machine.stopped',
    data: machineEvent,
    datacontenttype: 'application/json',
    seq: 7,
  };

  test('is one JSON object', () => {
    expect(structured(event)).toEqual({
      ok: true,
      value: {
        id: '1',
        source: '/m',
        type: event.type,
        dataContentType: 'application/json',
        extensions: { seq: '7' },
        data: machineEvent,
      },
    });
    expect(structured({ ...event, subject: null }).ok).toBe(true);
  });

  test('keeps every attribute that the specification names', () => {
    expect(
      structured({
        ...event,
        subject: 's',
        dataschema: 'https://fly.io/schema',
        time: '2026-11-20T12:00:00Z',
      }),
    ).toMatchObject({
      ok: true,
      value: { subject: 's', dataSchema: 'https://fly.io/schema', time: '2026-11-20T12:00:00Z' },
    });
  });

  const { data: _data, datacontenttype: _type, ...bare } = event;
  const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64');

  test.each([undefined, 'application/json', 'application/json; charset=utf-8', 'application/vnd.fly+json'])(
    'has its data in data_base64 too, under the content type %s',
    (datacontenttype) => {
      const encoded = {
        ...bare,
        datacontenttype,
        data_base64: 'eyJtYWNoaW5lX2lkIjoiNTY4Mzk3N2FkMzE3NjgifQ==',
      };
      expect(structured(encoded)).toMatchObject({
        ok: true,
        value: { type: 'io.fly.machine.stopped', data: { machine_id: '5683977ad31768' } },
      });
    },
  );

  test.each([
    ['no base64', { data_base64: '***' }, { tag: 'data_base64' }],
    ['base64 without its padding', { data_base64: 'e30' }, { tag: 'data_base64' }],
    ['base64 with blanks', { data_base64: 'e3 0=' }, { tag: 'data_base64' }],
    ['base64url', { data_base64: base64('{"a":"???"}').replaceAll('/', '_') }, { tag: 'data_base64' }],
    ['base64 with stray bits', { data_base64: 'e31=' }, { tag: 'data_base64' }],
    ['a number', { data_base64: 7 }, { tag: 'data_base64' }],
    ['null', { data_base64: null }, { tag: 'data_base64' }],
    ['both members', { data: {}, data_base64: 'e30=' }, { tag: 'data_base64' }],
    ['both members, one null', { data: null, data_base64: 'e30=' }, { tag: 'data_base64' }],
    ['no JSON inside', { data_base64: base64('hello') }, { tag: 'data' }],
    ['two equal keys inside', { data_base64: base64('{"a":1,"a":2}') }, { tag: 'data' }],
    ['no UTF-8 inside', { data_base64: base64(new Uint8Array([0xff])) }, { tag: 'data' }],
    ['nothing inside', { data_base64: '' }, { tag: 'data' }],
    [
      'data_base64 of another type',
      { datacontenttype: 'image/png', data_base64: 'e30=' },
      { tag: 'content_type' },
    ],
    ['data of another type', { datacontenttype: 'text/xml', data: '<a/>' }, { tag: 'content_type' }],
  ])('%s is refused', (_, change, reason) => {
    expect(structured({ ...bare, ...change })).toMatchObject({ ok: false, reason });
  });

  test.each([
    ['id', 7],
    ['source', true],
    ['type', 1],
    ['time', 1_700_000_000],
    ['subject', ''],
    ['dataschema', ''],
    ['datacontenttype', 1],
    ['seq', 1.5],
    ['seq', 2 ** 31],
    ['seq', []],
  ])('whose %s is %j is refused, naming it', (name, value) => {
    expect(structured({ ...event, [name]: value })).toEqual({
      ok: false,
      reason: { tag: 'attribute_malformed', attribute: name },
    });
  });

  test.each([
    [[event]],
    ['text'],
    [null],
    [{ ...event, id: undefined }],
    [{ ...event, source: {} }],
    [{ ...event, specversion: 1 }],
    [{ ...event, 'Bad-Name': 1 }],
  ])('%j is refused', (value) => {
    expect(structured(value).ok).toBe(false);
  });
});

test('no headers and no bytes make the parser throw', () => {
  const name = fc.constantFrom(
    'ce-id',
    'ce-source',
    'ce-type',
    'ce-specversion',
    'ce-time',
    'content-type',
    'ce-x',
  );
  const value = fc.oneof(
    fc.constantFrom('1.0', '%', '"', '"\\"', 'application/json', 'application/cloudevents+json'),
    fc.stringMatching(/^[ -~]*$/),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), fc.uint8Array(), (pairs, bytes) => {
      expect(typeof parseCloudEvent(new Headers(pairs), bytes).ok).toBe('boolean');
    }),
  );
});
