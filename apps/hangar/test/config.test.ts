import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ConfigProblem, readConfig } from '../src/config.ts';
import { configurationPage, environmentExample } from '../src/config/reference.ts';
import { type Variable, variables } from '../src/config/variables.ts';

const key = Buffer.alloc(32, 7).toString('base64');

/** A complete configuration for the real Fly.io. */
const real = {
  HANGAR_FLY: 'real',
  HANGAR_PUBLIC_URL: 'https://hangar.acme.example',
  HANGAR_GATEWAY_URL: 'https://gw.acme.example',
  HANGAR_OAUTH_CLIENT_ID: 'acme',
  HANGAR_FLY_ORG: 'acme',
  HANGAR_PROVISIONING_SECRET: 'provisioning-aaaaaaaaaaaaaaaa',
  HANGAR_WEBHOOK_SECRET: 'webhook-bbbbbbbbbbbbbbbbbbbb',
  HANGAR_OAUTH_CLIENT_SECRET: 'oauth-cccccccccccccccccccc',
  HANGAR_MASTER_KEYS: `2026:${key}`,
  FLY_API_TOKEN: 'fo1_dddddddddddddddddddd',
  FLY_TIGRIS_ACCESS_KEY_ID: 'tid_eeeeeeee',
  FLY_TIGRIS_SECRET_ACCESS_KEY: 'tsec_ffffffffffffffff',
  DATABASE_URL: 'postgres://hangar:hunter2hunter2@db.internal:5432/hangar',
} as const;

function problems(environment: Record<string, string | undefined>): readonly ConfigProblem[] {
  const read = readConfig(environment);
  return read.ok ? [] : read.reason;
}

function named(environment: Record<string, string | undefined>): string[] {
  return problems(environment)
    .map((problem) => problem.variable)
    .sort();
}

const inScratch = (): { HANGAR_DATA_DIR: string } => ({
  HANGAR_DATA_DIR: join(mkdtempSync(join(tmpdir(), 'hangar-config-')), 'data'),
});

describe('the configuration', () => {
  test('needs nothing in simulator mode: secrets are made once, beside the data folder, readable by the owner only', () => {
    const environment = inScratch();
    const first = readConfig(environment);
    const second = readConfig(environment);
    if (!first.ok || !second.ok) throw new Error('simulator mode did not start');
    expect(first.value.generated.names).toHaveLength(7);
    expect(statSync(first.value.generated.file).mode & 0o777).toBe(0o600);
    expect(first.value.generated.file.startsWith(`${environment.HANGAR_DATA_DIR}/`)).toBe(false);
    expect(second.value.webhookSecret.reveal()).toBe(first.value.webhookSecret.reveal());
    expect(first.value).toMatchObject({
      port: 4600,
      gatewayPort: 4601,
      simulatorPort: 4700,
      publicUrl: 'http://127.0.0.1:4600',
      fly: 'simulator',
    });
  });

  test('with the real Fly.io is complete or lists everything that is missing at once', () => {
    expect(problems(real)).toEqual([]);
    expect(named({ HANGAR_FLY: 'real' })).toEqual(
      Object.keys(real)
        .filter((name) => name !== 'HANGAR_FLY')
        .sort(),
    );
  });

  const broken: [string, Record<string, string>, string, RegExp][] = [
    ['a typing mistake', { HANGAR_PUBLIC_ULR: 'https://x.example' }, 'HANGAR_PUBLIC_ULR', /not a variable/],
    ['a port that is none', { PORT: '70000' }, 'PORT', /port number/],
    ['a relative address', { HANGAR_PUBLIC_URL: 'acme.example' }, 'HANGAR_PUBLIC_URL', /absolute/],
    [
      'an address with a path',
      { HANGAR_GATEWAY_URL: 'https://acme.example/gw' },
      'HANGAR_GATEWAY_URL',
      /path/,
    ],
    [
      'an address with a password',
      { HANGAR_PUBLIC_URL: 'https://a:b@acme.example' },
      'HANGAR_PUBLIC_URL',
      /password/,
    ],
    ['plain http', { HANGAR_PUBLIC_URL: 'http://acme.example' }, 'HANGAR_PUBLIC_URL', /https/],
    ['a short secret', { HANGAR_WEBHOOK_SECRET: 'too-short' }, 'HANGAR_WEBHOOK_SECRET', /16 bytes/],
    [
      'a placeholder',
      { HANGAR_PROVISIONING_SECRET: 'changeme' },
      'HANGAR_PROVISIONING_SECRET',
      /placeholder/,
    ],
    [
      'equal secrets',
      { HANGAR_WEBHOOK_SECRET: real.HANGAR_PROVISIONING_SECRET },
      'HANGAR_WEBHOOK_SECRET',
      /differ/,
    ],
    [
      'a master key that is too short',
      { HANGAR_MASTER_KEYS: '1:c2hvcnQ=' },
      'HANGAR_MASTER_KEYS',
      /32 bytes/,
    ],
    [
      'the same master key id twice',
      { HANGAR_MASTER_KEYS: `1:${key},1:${key}` },
      'HANGAR_MASTER_KEYS',
      /twice/,
    ],
    [
      'a secret made for development',
      { HANGAR_WEBHOOK_SECRET: 'hangar-dev-0123456789abcdef' },
      'HANGAR_WEBHOOK_SECRET',
      /development/,
    ],
    ['a database address of another kind', { DATABASE_URL: 'mysql://a/b' }, 'DATABASE_URL', /postgres:/],
    ['a third Fly.io', { HANGAR_FLY: 'staging' }, 'HANGAR_FLY', /simulator, real/],
  ];
  test.each(broken)(
    'is refused for %s, naming the variable and the remedy',
    (_, change, variable, remedy) => {
      const found = problems({ ...real, ...change }).find((problem) => problem.variable === variable);
      expect(found?.remedy).toMatch(remedy);
    },
  );

  const formless: [string, string, RegExp][] = [
    ['HANGAR_FLY_ORG', 'My Org', /a slug/],
    ['HANGAR_PROVIDER_SLUG', 'Provider!', /a slug/],
    ['FLY_API_TOKEN', 'foo', /starts with `FlyV1 fm2_`, `fm2_` or `fo1_`/],
    ['FLY_TIGRIS_ACCESS_KEY_ID', 'a', /starts with `tid_`/],
    ['FLY_TIGRIS_SECRET_ACCESS_KEY', 'tid_aaaaaaaa', /starts with `tsec_`/],
    ['FLY_ALLOWED_ORGS', 'acme, My Org', /slugs of organizations/],
    ['FLY_APP_NAME', 'My App', /name of an app/],
  ];
  test.each(formless)('%s must have the form of what gives it', (variable, value, remedy) => {
    const found = problems({ ...real, [variable]: value }).find((problem) => problem.variable === variable);
    expect(found?.remedy).toMatch(remedy);
  });

  test('every variable with a form is tried above, and the right forms pass', () => {
    const rows: readonly Variable[] = variables;
    const withForm = rows.filter((row) => row.form !== undefined).map((row) => row.name);
    expect(withForm.sort()).toEqual(formless.map(([variable]) => variable).sort());
    for (const token of ['FlyV1 fm2_abc,fo1_def', 'Bearer fo1_abc', 'fm2_abc', 'fm1r_abc'])
      expect(problems({ ...real, FLY_API_TOKEN: token })).toEqual([]);
  });

  test('the remedy for a secret of somebody else is to ask for it, never to generate one', () => {
    const rows: readonly Variable[] = variables;
    for (const row of rows.filter((one) => one.secret === true && one.section === 'secrets')) {
      for (const bad of ['changeme', 'short']) {
        const remedy = problems({ ...real, [row.name]: bad }).find(
          ({ variable }) => variable === row.name,
        )?.remedy;
        if (row.givenBy !== undefined) expect(remedy, row.name).not.toMatch(/openssl/);
        else expect(remedy, row.name).toMatch(/openssl/);
      }
      const missing = problems({ HANGAR_FLY: 'real' }).find(({ variable }) => variable === row.name)?.remedy;
      if (row.givenBy !== undefined) expect(missing).toContain(`${row.givenBy} gives it`);
    }
  });

  test('never repeats a value in a problem, but for the path of a file', () => {
    const canary = 'cAnArY';
    const rows: readonly Variable[] = variables;
    const environment = Object.fromEntries(
      rows
        .filter(({ kind }) => kind !== 'file')
        .map((row) => [row.name, row.name === 'HANGAR_FLY' ? 'real' : canary]),
    );
    expect(JSON.stringify(problems(environment))).not.toContain(canary);
  });

  test('KEY-10: does not take the embedded database for production unless asked for by name', () => {
    const { DATABASE_URL: _, ...without } = real;
    expect(named(without)).toEqual(['DATABASE_URL']);
    expect(named({ ...without, HANGAR_ALLOW_EMBEDDED_DATABASE: 'true' })).toEqual([]);
  });

  test('reads the other name of the Tigris key, and prints no secret', () => {
    const { FLY_TIGRIS_ACCESS_KEY_ID: id, ...rest } = real;
    const read = readConfig({ ...rest, FLY_TIGRIS_ACCESS_KEY: id });
    if (!read.ok) throw new Error('the alias was not read');
    expect(read.value.tigrisAccessKeyId).toBe(id);
    const printed = JSON.stringify(read.value);
    for (const secret of [real.HANGAR_WEBHOOK_SECRET, real.FLY_API_TOKEN, key, 'hunter2'])
      expect(printed).not.toContain(secret);
  });

  test('keeps FLY_ALLOWED_ORGS apart from its absence', () => {
    const orgs = (value: string | undefined): unknown => {
      const read = readConfig({ ...real, FLY_ALLOWED_ORGS: value });
      return read.ok ? read.value.allowedOrgs : read.reason;
    };
    expect(orgs(undefined)).toBeUndefined();
    expect(orgs('*')).toBe('*');
    expect(orgs('a, b')).toEqual(['a', 'b']);
  });

  test('is documented: the pages name every variable', () => {
    for (const row of variables) {
      expect(configurationPage()).toContain(`\`${row.name}\``);
      expect(environmentExample()).toContain(row.name);
    }
  });
});
