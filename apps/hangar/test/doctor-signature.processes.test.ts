import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProcess } from '../../../test/harness/processes.ts';

const SECRET = 'provisioning-secret-of-the-doctor';
const WEBHOOK = 'webhook-secret-of-the-doctor';
const AT = '2026-11-20T12:00:00Z';
const BODY = `{ "id": "z", "url": "https://logjam.example/flyio/extensions", "nonce": "e3f7b4c8f5ea016d", "timestamp": ${new Date(AT).getTime() / 1000} }`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-signature-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `hangar doctor signature` says of a request in a file. */
async function ask(
  signed: string,
  key = SECRET,
  ...args: readonly string[]
): Promise<{ code: number | null; output: string }> {
  const file = join(folder, 'request.txt');
  const signature = createHmac('sha256', key).update(signed).digest('hex');
  const head = `POST /flyio/extensions HTTP/1.1\r\nHost: logjam.example\r\nX-Signature: ${signature}\r\nContent-Length: ${BODY.length}`;
  writeFileSync(file, `${head}\r\n\r\n${BODY}\n`);
  return await runProcess({
    args: ['doctor', 'signature', file, '--at', AT, ...args],
    environment: {
      HANGAR_PUBLIC_URL: 'https://logjam.example',
      HANGAR_PROVISIONING_SECRET: SECRET,
      HANGAR_WEBHOOK_SECRET: WEBHOOK,
      HANGAR_DATA_DIR: join(folder, 'data'),
    },
  });
}

describe('hangar doctor signature', { timeout: 120_000 }, () => {
  test('a good request is fine', async () => {
    const { code, output } = await ask(BODY);
    expect([code, output]).toEqual([0, expect.stringContaining('The signature holds')]);
  });

  test('names each mistake, and shows no secret', async () => {
    const { code, output } = await ask(
      JSON.stringify(JSON.parse(BODY)),
      WEBHOOK,
      '--at',
      '2026-11-20T13:00:00Z',
    );
    expect([code, output.split('\n')]).toEqual([
      1,
      [
        'The body was parsed and written again before it was signed; sign the bytes that are sent.',
        'It was signed with the secret of the webhooks.',
        'The timestamp is 3600 s old, and 300 s are allowed: a clock is off, or the request was kept.',
      ],
    ]);
    expect(output).not.toMatch(/secret-of-the-doctor/);
  });

  test('a wrong call ends with 2', async () => {
    expect((await ask(BODY, SECRET, '--at', 'yesterday')).code).toBe(2);
    const none = join(folder, 'none.txt');
    writeFileSync(none, 'hello\n');
    const run = await runProcess({
      args: ['doctor', 'signature', none],
      environment: { HANGAR_DATA_DIR: join(folder, 'data') },
    });
    expect(run.code).toBe(2);
  });
});
