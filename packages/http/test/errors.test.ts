import { describe, expect, test } from 'vitest';
import {
  asHangarError,
  errorBody,
  errorReference,
  errorResponse,
  errorTable,
  HangarError,
} from '@hangar/http';

describe('the table of errors', () => {
  test('has, for every code, a status of 4xx or 5xx, a sentence for the outside and a meaning for the reader', () => {
    expect(errorReference()).toHaveLength(Object.keys(errorTable).length);
    for (const row of errorReference()) {
      expect(row.code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
      expect(row.status, row.code).toBeGreaterThanOrEqual(400);
      expect(row.status, row.code).toBeLessThan(600);
      expect(row.sentence, row.code).toMatch(/^[a-zA-Z].{5,80}[^.]$/);
      expect(row.meaning, row.code).toMatch(/[.?]$/);
    }
  });

  test('all failures of a signed request sound the same', () => {
    const error = new HangarError('unauthorized', {
      public: 'the nonce was used before',
      detail: 'nonce_replayed',
    });
    expect(errorBody(error, 'r1')).toEqual({
      error: 'invalid signature',
      code: 'unauthorized',
      request_id: 'r1',
    });
  });
});

describe('an error', () => {
  test('becomes an answer that is JSON, is not cached and carries the request id', async () => {
    const error = new HangarError('invalid', {
      fields: { read_regions: 'unknown region xyz' },
      detail: 'private',
    });
    const answer = errorResponse(error, 'r1');
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-request-id')).toBe('r1');
    expect(await answer.json()).toEqual({
      error: 'some fields are missing or malformed',
      code: 'invalid',
      request_id: 'r1',
      fields: { read_regions: 'unknown region xyz' },
    });
  });

  test('says its own sentence where the table allows it, and more members that replace none of the fixed', async () => {
    const error = new HangarError('caveat_denied', {
      public: 'only reading is allowed',
      extra: { caveat: 'Apps', code: 'other', request_id: 'other' },
    });
    expect(await errorResponse(error, 'r2').json()).toEqual({
      error: 'only reading is allowed',
      code: 'caveat_denied',
      request_id: 'r2',
      caveat: 'Apps',
    });
  });

  test('says when to come back, and which methods there are', () => {
    expect(
      errorResponse(new HangarError('rate_limited', { retryAfterSeconds: 2.1 }), 'r').headers.get(
        'retry-after',
      ),
    ).toBe('3');
    expect(errorResponse(new HangarError('unavailable'), 'r').headers.get('retry-after')).toBe('5');
    expect(errorResponse(new HangarError('not_found'), 'r').headers.get('retry-after')).toBeNull();
    const wrongMethod = new HangarError('method_not_allowed', { headers: { Allow: 'GET, DELETE' } });
    expect(errorResponse(wrongMethod, 'r').headers.get('allow')).toBe('GET, DELETE');
    expect(errorResponse(new HangarError('name_taken', { status: 422 }), 'r').status).toBe(422);
  });

  test('LOG-5: nobody meant becomes internal, and tells the outside nothing', async () => {
    const original = new TypeError("cannot read 'secret' of undefined");
    const error = asHangarError(original);
    expect(error).toMatchObject({ code: 'internal', status: 500, cause: original });
    expect(error.message).toContain('secret');
    expect(JSON.stringify(await errorResponse(error, 'r').json())).not.toContain('secret');
    for (const odd of ['text', null, undefined, 7, Object.create(null)])
      expect(asHangarError(odd).code).toBe('internal');
    const meant = new HangarError('gone');
    expect(asHangarError(meant)).toBe(meant);
  });
});
