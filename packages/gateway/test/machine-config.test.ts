import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HangarError } from '@hangar/security';
import { defaultPolicy, type EnvironmentPolicy } from '@hangar/gateway';
import { splitCommandLine } from '../src/command-line.ts';
import { checkMachineBody } from '../src/machine-config.ts';
import { cleanMachine } from '../src/machine-view.ts';
import { matchesPattern } from '../src/policy.ts';

function fault(body: unknown, policy: EnvironmentPolicy = defaultPolicy): HangarError | undefined {
  try {
    checkMachineBody(body, policy);
    return undefined;
  } catch (error) {
    if (error instanceof HangarError) return error;
    throw error;
  }
}

const config = (more: Record<string, unknown>) => ({ config: { image: 'acme/py-env:2026.10', ...more } });

describe('a machine config', () => {
  it.each([
    ['config.metadata.a', config({ metadata: { a: 1 } })],
    ['config.metadata.a', config({ metadata: { a: {} } })],
    ['config.auto_destroy', config({ auto_destroy: 'x' })],
    ['config.services', config({ services: [null] })],
    ['config.restart', config({ restart: 7 })],
    ['config.env.A', config({ env: { A: 1 } })],
    ['skip_launch', { ...config({}), skip_launch: 'x' }],
    ['lease_ttl', { ...config({}), lease_ttl: 'x' }],
  ])('with a member of the wrong type never gets upstream: %s', (path, body) => {
    const refused = fault(body);
    expect(refused?.code).toBe('invalid');
    expect(JSON.stringify(refused?.fields ?? refused?.extra)).toContain(path);
  });

  it('passes with what people send, nulls of Go clients included', () => {
    const body = {
      name: 'web',
      region: null,
      skip_launch: false,
      config: {
        image: 'registry.fly.io/own:deployment-01',
        guest: { cpu_kind: 'shared', cpus: 2, memory_mb: 512, gpu_kind: null },
        env: { LANG: 'C.UTF-8' },
        services: [
          { internal_port: 8080, ports: [{ port: 443, handlers: ['tls', 'http'] }], future_field: 1 },
        ],
        mounts: [{ volume: 'vol_0123456789ab', path: '/data' }],
        metadata: { fly_process_group: 'app' },
        restart: { policy: 'on-failure', max_retries: 3 },
        standbys: null,
      },
    };
    expect(fault(body)).toBeUndefined();
    expect(checkMachineBody(body, defaultPolicy).volumes).toEqual(['vol_0123456789ab']);
  });

  it.each([
    [{ env: { FLY_TIGRIS_SECRET_ACCESS_KEY: 'x' } }, 'config.env.FLY_TIGRIS_SECRET_ACCESS_KEY'],
    [{ env: { fly_tigris_bucket: 'x' } }, 'config.env.fly_tigris_bucket'],
    [
      { containers: [{ image: 'a', env: { FLY_TIGRIS_BUCKET: 'x' } }] },
      'config.containers[0].env.FLY_TIGRIS_BUCKET',
    ],
    [{ processes: [{ env: { FLY_TIGRIS_BUCKET: 'x' } }] }, 'config.processes[0].env.FLY_TIGRIS_BUCKET'],
    [
      { containers: [{ image: 'a', secrets: [{ env_var: 'FLY_TIGRIS_BUCKET', name: 'MINE' }] }] },
      'config.containers[0].secrets[0].env_var',
    ],
    [{ metadata: { hangar_env: 'env_other' } }, 'config.metadata.hangar_env'],
    [{ metadata: { Hangar_Op: 'x' } }, 'config.metadata.Hangar_Op'],
    [{ standbys: ['5683977ad31768'] }, 'config.standbys'],
    [{ dns: { nameservers: ['10.0.0.1'] } }, 'config.dns'],
    [{ brand_new_field: true }, 'config.brand_new_field'],
    [{ guest: { host_dedication_id: 'x' } }, 'config.guest.host_dedication_id'],
    [{ guest: { gpu_kind: 'a100-40gb' } }, 'config.guest.gpu_kind'],
    [{ guest: { kernel_args: ['x'] } }, 'config.guest.kernel_args'],
    [{ guest: { cpus: '2' } }, 'config.guest.cpus'],
    [{ init: { kernel_args: ['x'] } }, 'config.init.kernel_args'],
    [{ image: 'user:password@registry.example/x' }, 'config.image'],
    [{ image: `a@sha256:${'0'.repeat(63)}` }, 'config.image'],
    [{ image: 'a'.repeat(10_000) }, 'config.image'],
    [{ image: ['a'] }, 'config.image'],
    [{ containers: [{ image: '../x' }] }, 'config.containers[0].image'],
    [{ files: [{ guest_path: '/x', image_config: 'UPPER/x' }] }, 'config.files[0].image_config'],
    [{ mounts: 'x' }, 'config.mounts'],
    [{ env: [] }, 'config.env'],
  ])('is refused with %j, naming the field', (more, field) => {
    const error = fault(config(more));
    expect(error?.code).toBe('invalid');
    expect(Object.keys(error?.fields ?? {})).toEqual([field]);
  });

  it.each([
    [undefined],
    [null],
    ['x'],
    [[]],
    [{}],
    [{ config: null }],
    [{ config: {} }],
    [{ config: { image: 'a' }, lsvd: true }],
  ])('is refused when the body is %j', (body) => {
    expect(fault(body)?.status).toBe(422);
  });

  it('is held to the sizes, images and regions of the policy', () => {
    const tight: EnvironmentPolicy = {
      ...defaultPolicy,
      cpuKinds: ['shared'],
      maxCpus: 2,
      maxMemoryMb: 2048,
      maxVolumeGb: 10,
      regions: ['fra'],
      images: ['acme/*:v*', 'acme/pinned@sha256:*'],
    };
    const good = {
      region: 'fra',
      config: { image: 'acme/py:v1', guest: { cpu_kind: 'shared', cpus: 2, memory_mb: 2048 } },
    };
    expect(fault(good, tight)).toBeUndefined();
    const denied = (body: unknown) => fault(body, tight)?.extra;
    expect(denied({ config: { image: 'acme/py:v1', guest: { memory_mb: 4096 } } })).toMatchObject({
      path: 'config.guest.memory_mb',
      limit: 2048,
    });
    expect(denied({ config: { image: 'acme/py:v1', guest: { cpu_kind: 'performance' } } })).toMatchObject({
      rule: 'cpu_kinds',
    });
    expect(denied({ config: { image: 'acme/py:v1', guest: { cpus: 4 } } })).toMatchObject({
      rule: 'max_cpus',
    });
    expect(denied({ config: { image: 'acme/py:v1', size: 'performance-2x' } })).toMatchObject({
      path: 'config.size',
    });
    expect(denied({ config: { image: 'acme/py:v1', size: 'a100-40gb' } })).toMatchObject({
      path: 'config.size',
    });
    expect(denied({ config: { image: 'evil/py:v1' } })).toMatchObject({
      rule: 'images',
      path: 'config.image',
    });
    expect(denied({ config: { image: 'acme/py:v1', containers: [{ image: 'evil/x' }] } })).toMatchObject({
      rule: 'images',
    });
    expect(
      denied({ config: { image: 'acme/py:v1', volumes: [{ name: 'x', image: 'evil/x' }] } }),
    ).toMatchObject({ rule: 'images' });
    expect(denied({ region: 'iad', config: { image: 'acme/py:v1' } })).toMatchObject({ rule: 'regions' });
    expect(
      denied({ config: { image: 'acme/py:v1', mounts: [{ path: '/d', name: 'd', size_gb: 11 }] } }),
    ).toMatchObject({
      path: 'config.mounts[0].size_gb',
    });
  });

  it('never lets a reserved name through, whatever stands around it (G8)', () => {
    const free = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/);
    const reserved = fc
      .tuple(fc.constantFrom('FLY_TIGRIS_', 'fly_tigris_', 'Fly_Tigris_'), free)
      .map((parts) => parts.join(''));
    const place = fc.constantFrom('config', 'container', 'process');
    fc.assert(
      fc.property(
        fc.dictionary(free, fc.string()),
        reserved,
        place,
        fc.boolean(),
        (env, name, where, planted) => {
          const all = planted ? { ...env, [name]: 'x' } : env;
          const more =
            where === 'config'
              ? { env: all }
              : where === 'container'
                ? { containers: [{ image: 'a', env: all }] }
                : { processes: [{ env: all }] };
          expect(fault(config(more))?.code).toBe(planted ? 'invalid' : undefined);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('is shown without the marks of the gateway, and otherwise whole', () => {
    const shown = cleanMachine({
      id: 'x',
      config: { image: 'a', metadata: { mine: '1', hangar_env: 'e', hangar_op: 'o' } },
    });
    expect(shown).toEqual({ id: 'x', config: { image: 'a', metadata: { mine: '1' } } });
  });
});

describe('a pattern for images', () => {
  it.each([
    ['acme/py:*', 'acme/py:1', true],
    ['acme/py:*', 'acme/pyx:1', false],
    ['*:latest', 'acme/py:latest', true],
    ['acme/*@sha256:*', 'acme/a@sha256:00', true],
    ['a*a', 'a', false],
    ['acme/py', 'acme/py:1', false],
  ])('%s against %s is %s', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });
});

describe('a command line', () => {
  it.each([
    ['npm test', ['npm', 'test']],
    ["echo 'a b' c", ['echo', 'a b', 'c']],
    ['echo "a b"', ['echo', 'a b']],
    ['echo a\\ b', ['echo', 'a b']],
    ['x --flag=1', ['x', '--flag=1']],
    ["''", ['']],
  ])('%s is split as a shell does', (line, words) => {
    expect(splitCommandLine(line)).toEqual(words);
  });

  it.each([
    'npm test; curl x',
    'a && b',
    'a | b',
    'a > b',
    '$(x)',
    'echo $HOME',
    '`x`',
    'a\nb',
    'A=1 b',
    'ls *',
    '"$x"',
    "'open",
    '~/x',
    'a #b',
    '',
  ])('is not plain: %j', (line) => {
    expect(splitCommandLine(line)).toBeUndefined();
  });
});
