import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Hangars, startHangars } from '../../../test/harness/hangars.ts';
import { runProcess } from '../../../test/harness/processes.ts';

const server = inject('postgresUrl');
let hangars: Hangars;
let healthy: Record<string, string>;
beforeAll(async () => {
  hangars = await startHangars(server === '' ? {} : { databaseUrl: server });
  const [first] = hangars.servers;
  healthy = {
    ...hangars.secrets,
    HANGAR_PUBLIC_URL: first?.url ?? '',
    HANGAR_GATEWAY_URL: first?.gatewayUrl ?? '',
    HANGAR_SIMULATOR_PORT: new URL(hangars.flyUrl).port,
    HANGAR_DATA_DIR: join(mkdtempSync(join(tmpdir(), 'hangar-doctor-')), 'data'),
    ...(hangars.databaseUrl === undefined ? {} : { DATABASE_URL: hangars.databaseUrl }),
  };
}, 120_000);
afterAll(async () => await hangars.close());

/** What `hangar doctor` found, by what it looked at. */
async function found(environment: Record<string, string> = {}) {
  const { code, output } = await runProcess({
    args: ['doctor', '--json'],
    environment: { ...healthy, ...environment },
  });
  const { findings, ...sums } = JSON.parse(output) as {
    findings: { about: string; verdict: string; says: string; remedy?: string }[];
    passed: number;
    failed: number;
  };
  return { code, sums, about: Object.fromEntries(findings.map((one) => [one.about, one])) };
}

describe('hangar doctor', { timeout: 120_000 }, () => {
  test('finds an installation that works to be fine', async () => {
    const { code, sums, about } = await found();
    expect(about).toEqual(
      Object.fromEntries(
        Object.keys(about).map((name) => [name, expect.objectContaining({ verdict: 'fine' })]),
      ),
    );
    expect({ code, ...sums }).toEqual({ code: 0, passed: 7, failed: 0 });
    expect(about['database']?.says).toMatch(
      server === '' ? /^embedded, in .*; a start makes it$/ : /^Postgres \d+; the schema is up to date$/,
    );
  });

  test('names each credential that is refused, and repeats none', async () => {
    const { code, about, sums } = await found({
      FLY_API_TOKEN: 'fo1_000000000000000000000000',
      FLY_TIGRIS_SECRET_ACCESS_KEY: 'tsec_0000000000000000',
    });
    for (const name of ['FLY_API_TOKEN', 'FLY_TIGRIS_SECRET_ACCESS_KEY'])
      expect(about[name]).toMatchObject({
        verdict: 'wrong',
        says: expect.stringContaining('refused') as string,
      });
    expect({ code, ...sums }).toEqual({ code: 1, passed: 5, failed: 2 });
    expect(JSON.stringify(about)).not.toContain('0000000');
  });

  test('says which address leads nowhere, and which leads elsewhere', async () => {
    const { about } = await found({
      HANGAR_PUBLIC_URL: healthy['HANGAR_GATEWAY_URL'] ?? '',
      HANGAR_GATEWAY_URL: 'http://127.0.0.1:9',
    });
    expect(about['HANGAR_PUBLIC_URL']).toMatchObject({ verdict: 'wrong' });
    expect(about['HANGAR_GATEWAY_URL']).toMatchObject({ verdict: 'unknown' });
  });

  test('says what is wrong with a database, without its password', async () => {
    const away = await found({ DATABASE_URL: 'postgres://hangar:hunter2hunter2@127.0.0.1:9/hangar' });
    expect(away.about['database']).toMatchObject({ verdict: 'wrong' });
    const folder = await found({ DATABASE_URL: '', HANGAR_DATA_DIR: '/etc/hostname/data' });
    expect(folder.about['database']).toMatchObject({
      verdict: 'wrong',
      remedy: 'Set HANGAR_DATA_DIR to a folder this user may write.',
    });
    expect(JSON.stringify([away, folder])).not.toContain('hunter2');
  });

  test('for people it is a line for each, with what to do', async () => {
    const { code, output } = await runProcess({
      args: ['doctor'],
      environment: { ...healthy, FLY_TIGRIS_ACCESS_KEY_ID: 'tid_0000000000000000' },
    });
    expect(code).toBe(1);
    expect(output).toMatch(
      /^WRONG {3}FLY_TIGRIS_ACCESS_KEY_ID: refused: .*\. Ask for a new one, and set it\.$/m,
    );
    expect(output.trim().split('\n').at(-1)).toBe('6 passed, 1 failed');
  });

  test('in passthrough mode looks at what that mode needs', async () => {
    const mode = {
      HANGAR_GATEWAY_MODE: 'passthrough',
      HANGAR_FLY: 'simulator',
      HANGAR_SIMULATOR_PORT: healthy['HANGAR_SIMULATOR_PORT'] ?? '',
      FLY_TIGRIS_ACCESS_KEY_ID: hangars.secrets.FLY_TIGRIS_ACCESS_KEY_ID,
      FLY_TIGRIS_SECRET_ACCESS_KEY: hangars.secrets.FLY_TIGRIS_SECRET_ACCESS_KEY,
    };
    const run = async (more: Record<string, string>) =>
      await runProcess({ args: ['doctor'], environment: { ...mode, ...more } });
    const fine = await run({ FLY_ALLOWED_ORGS: 'operator' });
    expect(fine.output).toMatch(/^ok {6}FLY_ALLOWED_ORGS: operator\.$/m);
    expect(fine).toMatchObject({ code: 0, output: expect.stringContaining('3 passed, 0 failed') as string });
    const nobody = await run({ FLY_APP_NAME: 'nobodys', FLY_API_TOKEN: hangars.secrets.FLY_API_TOKEN });
    expect(nobody.output).toMatch(/^WRONG {3}FLY_APP_NAME: there is no such app\. Set FLY_ALLOWED_ORGS\.$/m);
    expect(nobody.code).toBe(1);
  });

  test('lists what is wrong with the configuration before it asks anybody', async () => {
    const { code, output } = await runProcess({ args: ['doctor'], environment: { PORT: 'eighty' } });
    expect(code).toBe(1);
    expect(output).toContain('PORT');
  });
});
