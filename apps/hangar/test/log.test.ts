import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLog } from '../src/processes/log.ts';

/** The lines that a log wrote. */
function written(): { lines: string[]; log: ReturnType<typeof createLog> } {
  const lines: string[] = [];
  return { lines, log: createLog('trace', { write: (line) => void lines.push(line) }) };
}

const LINE_BYTES = 16_384;

describe('a line of the log', () => {
  test('LOG-4: has at most 16 KiB, whatever is in it, and is one JSON object', () => {
    const { lines, log } = written();
    const path = `/${'eyJ-'.repeat(16_000)}`;
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`name-${index}`, path]));
    log.info({ requestId: 'r1', path }, 'refused');
    log.error(
      { many, cause: new Error(path, { cause: new Error('\u0001'.repeat(100_000)) }) },
      '\u0001'.repeat(70_000),
    );
    log.warn(
      { err: new AggregateError([new Error(path), new Error(path)]), numbers: Array(5_000).fill(1) },
      path,
    );
    log.warn({ list: Array(900).fill('\u2028'.repeat(900)), map: new Map([[path, path]]) }, 'deep');
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_BYTES);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(JSON.parse(line)).toBeInstanceOf(Object);
    }
    const [first] = lines.map((line) => JSON.parse(line) as Record<string, string>);
    expect(first).toMatchObject({ requestId: 'r1', msg: 'refused' });
    expect(first?.['path']?.length).toBeLessThanOrEqual(1_024);
  });

  test('stays JSON when a secret stands before a quote, in a field or in the sentence', () => {
    const { lines, log } = written();
    const secrets = [
      '?code=abc"',
      '-----BEGIN PRIVATE KEY-----\\"',
      'Bearer abcdefgh"',
      '://a:b@"',
      'x-signature "0123456789abcdef"',
    ];
    for (const secret of secrets)
      log.info({ path: `/x${secret}def`, [secret]: { deep: [secret] } }, `said ${secret}`);
    expect(lines).toHaveLength(secrets.length);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('msg');
  });

  test('is JSON and bounded for any value', () => {
    const { lines, log } = written();
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.anything({ withMap: true, withBigInt: true })),
        fc.string(),
        (fields, message) => {
          log.info(fields, message);
          const line = lines.pop() ?? '';
          expect(JSON.parse(line)).toHaveProperty('level');
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_BYTES);
        },
      ),
    );
  });

  test('keeps the stack of an error, and loses its secrets', () => {
    const { lines, log } = written();
    log.error(
      { error: new Error('failed with fo1_abcdefgh'), DATABASE_URL: 'postgres://a:hunter2@b/c' },
      'at postgres://a:hunter2@b/c',
    );
    expect(lines[0]).toContain('log.test.ts');
    expect(lines[0]).not.toMatch(/hunter2|fo1_abc/);
  });
});

describe('lines about answers', () => {
  const fields = { door: 'gateway', requestId: 'req-1', method: 'GET', path: '/v1/apps', status: 200, ms: 3 };

  test('are written together, before any other line and in their order', () => {
    const { lines, log } = written();
    log.answered(fields);
    log.answered({ ...fields, requestId: 'req-2' });
    expect(lines).toEqual([]);
    log.warn('something else');
    const said = lines.join('').trimEnd().split('\n');
    expect(said.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'info', ...fields, msg: 'answered' },
      { requestId: 'req-2' },
      { level: 'warn', msg: 'something else' },
    ]);
  });

  test('are written once there are 8 KiB of them', () => {
    const { lines, log } = written();
    for (let at = 0; at < 100; at += 1) log.answered(fields);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line.endsWith('\n')).toBe(true);
  });

  test('hold no secret, wherever a stranger put it, and are JSON', () => {
    const { lines, log } = written();
    const token = `fm2_${'lJPECAAAAAAAAAAAAAAA'.repeat(8)}`;
    log.answered({ ...fields, path: `/v1/apps/own/machines/m/metadata/${token}`, requestId: token });
    log.answered({ ...fields, path: '/"\n\u2028', method: '"' });
    log.warn('the end');
    const text = lines.join('');
    expect(text).not.toContain(token);
    for (const line of text.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
  });

  test('LOG-4: say why there was no other answer, and hold no secret there either', () => {
    const { lines, log } = written();
    const token = `fm2_${'lJPECAAAAAAAAAAAAAAA'.repeat(8)}`;
    log.answered(
      { ...fields, status: 401 },
      { code: 'token_malformed', reason: `no token: ${token} "\u0001` },
    );
    log.answered({ ...fields, status: 404 }, { code: 'not_found', reason: '\u0001'.repeat(70_000) });
    log.warn('the end');
    const said = lines.join('').trimEnd().split('\n');
    expect(said.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'info', ...fields, status: 401, code: 'token_malformed', msg: 'refused' },
      { code: 'not_found', msg: 'refused' },
      { msg: 'the end' },
    ]);
    expect(lines.join('')).not.toContain(token);
    for (const line of said) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_BYTES);
  });

  test('are not written where the level is higher', () => {
    const lines: string[] = [];
    const log = createLog('warn', { write: (line) => void lines.push(line) });
    log.answered(fields);
    log.warn('the end');
    expect(lines).toHaveLength(1);
  });
});
