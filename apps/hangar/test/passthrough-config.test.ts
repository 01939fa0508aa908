import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';
import { isPassthrough, type PassthroughConfig, readPassthroughConfig } from '../src/config/passthrough.ts';
import { variables } from '../src/config/variables.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** What the document of the user-env API sets, and what Fly.io sets inside of a machine. */
const SECRETS = {
  FLY_TIGRIS_ACCESS_KEY_ID: 'tid_eeeeeeee',
  FLY_TIGRIS_SECRET_ACCESS_KEY: 'tsec_ffffffffffffffff',
  FLY_TIGRIS_BUCKET: 'my-user-env-api-bucket',
};
const folder = mkdtempSync(join(tmpdir(), 'hangar-passthrough-'));
const SOCKET = join(folder, 'api');
writeFileSync(SOCKET, '');
const NO_SOCKET = join(folder, 'none');

const given = (environment: Record<string, string>, socket = SOCKET): PassthroughConfig => {
  const read = readPassthroughConfig(environment, socket);
  if (!read.ok)
    throw new Error(read.reason.map(({ variable, remedy }) => `${variable} ${remedy}`).join('; '));
  return read.value;
};
const refused = (environment: Record<string, string>, socket = SOCKET): string[] => {
  const read = readPassthroughConfig(environment, socket);
  return read.ok ? [] : read.reason.map(({ variable }) => variable);
};

describe('the configuration of passthrough', () => {
  test('is the variables of the document alone, inside of a machine', () => {
    const config = given({ ...SECRETS, FLY_APP_NAME: 'my-user-env-api', HANGAR_GATEWAY_MODE: 'passthrough' });
    expect(config).toMatchObject({
      fly: 'real',
      allowedOrgs: undefined,
      appName: 'my-user-env-api',
      machineSocket: SOCKET,
      machineProfile: 'none',
    });
    expect(isPassthrough({ HANGAR_GATEWAY_MODE: 'passthrough' })).toBe(true);
    for (const mode of [{}, { HANGAR_GATEWAY_MODE: 'swap' }, { HANGAR_GATEWAY_MODE: 'other' }])
      expect(isPassthrough(mode)).toBe(false);
    expect(readConfig({ HANGAR_GATEWAY_MODE: 'other', HANGAR_DATA_DIR: join(folder, 'data') }).ok).toBe(
      false,
    );
  });

  test('is refused where no organization would be allowed, or could only be asked for with a token of a caller', () => {
    const app = { ...SECRETS, FLY_APP_NAME: 'my-user-env-api' };
    expect(refused(SECRETS)).toEqual(['FLY_ALLOWED_ORGS']);
    expect(refused(app, NO_SOCKET)).toEqual(['FLY_ALLOWED_ORGS']);
    expect(refused({ ...app, FLY_API_TOKEN: 'fo1_dddddddddddd' }, NO_SOCKET)).toEqual([]);
    expect(given({ ...SECRETS, FLY_ALLOWED_ORGS: 'org1, org2' }, NO_SOCKET).allowedOrgs).toEqual([
      'org1',
      'org2',
    ]);
    expect(given({ ...SECRETS, FLY_ALLOWED_ORGS: '*' }, NO_SOCKET).allowedOrgs).toBe('*');
  });

  test('DEF-28: both names of the key are read, and a missing one is told by the name of the document', () => {
    const { FLY_TIGRIS_ACCESS_KEY_ID: id, ...rest } = { ...SECRETS, FLY_ALLOWED_ORGS: 'org1' };
    expect(given({ ...rest, FLY_TIGRIS_ACCESS_KEY: id }).tigrisAccessKeyId).toBe(id);
    expect(refused(rest)).toEqual(['FLY_TIGRIS_ACCESS_KEY_ID']);
    expect(refused({ FLY_ALLOWED_ORGS: 'org1', HANGAR_FLY: 'real' })).toEqual([
      'FLY_TIGRIS_ACCESS_KEY_ID',
      'FLY_TIGRIS_SECRET_ACCESS_KEY',
    ]);
    expect(
      refused({ ...SECRETS, FLY_ALLOWED_ORGS: 'Org 1', FLY_TIGRIS_ACCESS_KEY_ID: 'AKIA1' }),
    ).toHaveLength(2);
    expect(given({ ...SECRETS, FLY_ALLOWED_ORGS: 'org1' }).tigrisBucket).toBe('my-user-env-api-bucket');
  });

  test('says every value but secrets when it is printed', () => {
    const text = JSON.stringify(
      given({ ...SECRETS, FLY_ALLOWED_ORGS: 'org1', HANGAR_METRICS_TOKEN: 'a-metrics-token' }),
    );
    expect(text).toContain('my-user-env-api-bucket');
    for (const secret of [SECRETS.FLY_TIGRIS_SECRET_ACCESS_KEY, 'a-metrics-token'])
      expect(text).not.toContain(secret);
  });
});

describe('the example for Fly.io', () => {
  const toml = readFileSync(`${root}/deploy/fly.passthrough.toml`, 'utf8');
  const docker = readFileSync(`${root}/deploy/Dockerfile`, 'utf8');
  const env = Object.fromEntries(
    [...(/^\[env\]\n((?:.+\n)*)/m.exec(toml)?.[1]?.matchAll(/(\w+) = "(.*)"/g) ?? [])].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );

  test('DEF-30: has one service, on the port that is listened on, and the license is in the repository', () => {
    expect(toml.match(/^\[+(?:http_service|services)\]+$/gm)).toEqual(['[http_service]']);
    expect(/internal_port = (\d+)/.exec(toml)?.[1]).toBe(env['PORT']);
    expect(existsSync(`${root}/LICENSE`)).toBe(true);
  });

  test('starts with it and the secrets of the document, and every variable is one of the table', () => {
    expect(given({ ...env, ...SECRETS, FLY_APP_NAME: 'my-user-env-api' })).toMatchObject({
      fly: 'real',
      host: '0.0.0.0',
      port: 8080,
    });
    expect(isPassthrough(env)).toBe(true);
    expect(Object.keys(env).filter((name) => !variables.some((row) => row.name === name))).toEqual([]);
  });

  test('DEF-29: what the image is built from is there, and the start needs no file of the working directory', () => {
    const copied = [...docker.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    );
    expect(copied.length).toBeGreaterThan(0);
    for (const name of copied) expect([name, existsSync(join(root, name))]).toEqual([name, true]);
    const [, command] = /^ENTRYPOINT \["node", "\/hangar\/(.+)"\]$/m.exec(docker) ?? [];
    expect([command, existsSync(join(root, command ?? ''))]).toEqual([command, true]);
  });
});
