import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  foldName,
  pathTo,
  SCHEMAS,
  type Leaf,
  type Schema,
  type SchemaName,
  type Shape,
} from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { DEFAULT_POLICY, type EnvironmentPolicy } from '@hangar/gateway';
import { splitCommandLine } from '../src/rules/command-line.ts';
import { checkMachineBody } from '../src/rules/machine-config.ts';
import { cleanMachine } from '../src/rules/machine-marks.ts';
import { matchesPattern } from '../src/policy/policy-checks.ts';

function fault(body: unknown, policy: EnvironmentPolicy = DEFAULT_POLICY): HangarError | undefined {
  try {
    checkMachineBody(body, policy);
    return undefined;
  } catch (error) {
    if (error instanceof HangarError) return error;
    throw error;
  }
}

const config = (more: Record<string, unknown>) => ({ config: { image: 'acme/py-env:2026.10', ...more } });

type Path = readonly (string | number)[];

/** A value that passes, with every member that is offered, of an object or a leaf. */
function sampleOf(shape: Shape): unknown {
  if (shape.startsWith('[')) return [sampleOf(shape.slice(1, -1) as Shape)];
  if (shape.startsWith('{')) return { some: sampleOf(shape.slice(1, -1) as Shape) };
  if (shape in SCHEMAS) {
    const members: Schema = SCHEMAS[shape as SchemaName];
    return Object.fromEntries(
      Object.entries(members)
        .filter(([name]) => !NOT_OFFERED.includes(name))
        .map(([name, of]) => [name, sampleOf(of)]),
    );
  }
  return LEAF_SAMPLES[shape as Leaf] ?? 'x1';
}

const NOT_OFFERED = [
  'gpu_kind',
  'gpus',
  'host_dedication_id',
  'kernel_args',
  'standbys',
  'cache_drive',
  'spot',
].concat(['dns', 'tigris_bucket', 'gpu_bid_price']);

const LEAF_SAMPLES: Readonly<Partial<Record<Leaf, unknown>>> = {
  flag: true,
  count: 1,
  whole: 1,
  number: 1,
  duration: '1m30s',
  cpus: 1,
  memory: 256,
  gigabytes: 1,
  'cpu-kind': 'shared',
  preset: 'shared-cpu-1x',
  variables: { A: 'x' },
  metadata: { a: 'x' },
};

/** Every named member at any depth. */
function membersOf(value: unknown, shape: Shape, at: Path): { at: Path; name: string; shape: Shape }[] {
  const item = shape.replace(/^[[{]|[\]}]$/g, '');
  if (!(item in SCHEMAS)) return [];
  if (Array.isArray(value)) return membersOf(value[0], item as Shape, [...at, 0]);
  if (item !== shape) return membersOf((value as { some: unknown }).some, item as Shape, [...at, 'some']);
  const members: Schema = SCHEMAS[item as SchemaName];
  return Object.entries(value as object).flatMap(([name, below]) => {
    const of = members[name] ?? 'text';
    return [{ at, name, shape: of }, ...membersOf(below, of, [...at, name])];
  });
}

/** A copy in which one member goes by another name, or holds something else. */
function replaced(value: unknown, at: Path, name: string, change: (value: unknown) => unknown): unknown {
  const copy = structuredClone(value);
  let place = copy as Record<string | number, unknown>;
  for (const step of at) place = place[step] as typeof place;
  const old = Object.keys(place).find((known) => foldName(known) === foldName(name)) ?? name;
  const held = place[old];
  delete place[old];
  place[name] = change(held);
  return copy;
}

function pathOf(path: Path): string {
  return path.reduce<string>(
    (before, step) => (typeof step === 'number' ? `${before}[${step}]` : pathTo(before, step)),
    '',
  );
}

/** Other letters that Go takes for the same name; at least one differs. */
function respell(name: string, seed: number): string {
  const letters = Array.from(name, (letter, at) => {
    const kind = (seed >> (at % 15)) % 3;
    if (kind === 0) return letter;
    return kind === 1 ? letter.toUpperCase() : ({ s: '\u017F', k: '\u212A' }[letter] ?? letter);
  });
  const respelled = letters.join('');
  return respelled === name ? name.toUpperCase() : respelled;
}

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
          {
            internal_port: 8080,
            ports: [{ port: 443, handlers: ['tls', 'http'] }],
            force_instance_key: null,
          },
        ],
        mounts: [{ volume: 'vol_0123456789ab', path: '/data' }],
        metadata: { fly_process_group: 'app' },
        restart: { policy: 'on-failure', max_retries: 3 },
        standbys: null,
      },
    };
    expect(fault(body)).toBeUndefined();
    expect(checkMachineBody(body, DEFAULT_POLICY).volumes).toEqual([
      { path: 'config.mounts[0].volume', id: 'vol_0123456789ab' },
    ]);
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
    [{ dns: { nameservers: ['10.0.0.1'] } }, 'config.dns.nameservers'],
    [
      { statics: [{ guest_path: '/s', url_prefix: '/', tigris_bucket: 'theirs' }] },
      'config.statics[0].tigris_bucket',
    ],
    [{ mounts: [{ path: '/d', volume: 'VOL_0123456789ab' }] }, 'config.mounts[0].volume'],
    [{ mounts: [{ path: '/d', volume: 'vol_x' }] }, 'config.mounts[0].volume'],
    [{ mounts: [{ path: '/d', volume: ['vol_0123456789ab'] }] }, 'config.mounts[0].volume'],
    [
      { containers: [{ image: 'a', env_from: [{ env_var: 'FLY_TIGRIS_BUCKET', field_ref: 'id' }] }] },
      'config.containers[0].env_from[0].env_var',
    ],
    [{ processes: [{ Env: { FLY_TIGRIS_BUCKET: 'z' } }] }, 'config.processes[0].Env'],
    [{ files: [{ Image_Config: 'not an image' }] }, 'config.files[0].Image_Config'],
    [{ mounts: [{ SIZE_GB: 5000 }] }, 'config.mounts[0].SIZE_GB'],
    [{ env: { 'A=B': 'x' } }, 'config.env."A=B"'],
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
    [
      { mounts: [{ path: '/d', volume: 'vol_0123456789ab', extend_threshold_percent: 1, add_size_gb: 500 }] },
      'config.mounts[0].size_gb_limit',
    ],
    [
      { mounts: [{ path: '/d', name: 'd', size_gb: 1, add_size_gb: 1, size_gb_limit: 0 }] },
      'config.mounts[0].size_gb_limit',
    ],
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

  it('is refused with all its faults at once, and with the names that were meant', () => {
    const error = fault({
      config: { imgae: 'a', guest: { cpus: '2' }, mounts: [{ Volume: 'vol_0123456789ab' }] },
    });
    expect(error?.fields).toEqual({
      'config.imgae': 'not known; did you mean image?',
      'config.guest.cpus': 'must be a whole number, 0 or more',
      'config.mounts[0].Volume': 'must be written volume',
      'config.image': 'is needed',
    });
    expect(error?.sentence).toContain('config.imgae: not known; did you mean image?; config.guest.cpus');
  });

  it('takes the names that are not offered while they are empty, and leaves them out', () => {
    const empty = {
      lsvd: false,
      config: {
        image: 'a',
        dns: {},
        standbys: [],
        cache_drive: null,
        guest: { cpus: 1, gpu_kind: '', gpus: 0, kernel_args: [], host_dedication_id: '' },
        init: { kernel_args: null },
        statics: [{ guest_path: '/s', url_prefix: '/', tigris_bucket: '', index_document: '' }],
      },
    };
    expect(checkMachineBody(empty, DEFAULT_POLICY).body).toEqual({
      config: {
        image: 'a',
        dns: {},
        guest: { cpus: 1 },
        init: {},
        statics: [{ guest_path: '/s', url_prefix: '/', index_document: '' }],
      },
    });
    expect(fault(config({ dns: { skip_registration: true, nameservers: [] } }))).toBeUndefined();
  });

  it('passes whole, and no member of it passes in other letters or with another type', () => {
    const whole = { config: sampleOf('fly.MachineConfig') };
    expect(fault(whole)).toBeUndefined();
    const members = membersOf(whole, 'UpdateMachineRequest', []);
    expect(members.length).toBeGreaterThan(150);
    fc.assert(
      fc.property(fc.constantFrom(...members), fc.nat(), ({ at, name }, seed) => {
        const respelled = respell(name, seed);
        const error = fault(replaced(whole, at, respelled, (value) => value));
        expect(error?.fields?.[pathOf([...at, respelled])]).toBe(`must be written ${name}`);
      }),
      { numRuns: process.env['HANGAR_NIGHTLY'] ? 20_000 : 300 },
    );
    for (const { at, name, shape } of members) {
      const wrong = shape.startsWith('[') || shape.startsWith('{') || shape === 'flag' ? 'x' : [[]];
      const path = pathOf([...at, name]);
      expect(fault(replaced(whole, at, name, () => wrong))?.fields?.[path], path).toMatch(/^must be /);
    }
  });

  it('is held to the sizes, images and regions of the policy', () => {
    const tight: EnvironmentPolicy = {
      ...DEFAULT_POLICY,
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
      rule: 'guests.kinds',
    });
    expect(denied({ config: { image: 'acme/py:v1', guest: { cpus: 4 } } })).toMatchObject({
      rule: 'guests.max_cpus',
    });
    expect(denied({ config: { image: 'acme/py:v1', size: 'performance-2x' } })).toMatchObject({
      rule: 'guests.kinds',
      path: 'config.size',
    });
    expect(denied({ config: { image: 'acme/py:v1', size: 'shared-cpu-4x' } })).toMatchObject({
      rule: 'guests.max_cpus',
      path: 'config.size',
    });
    expect(denied({ config: { image: 'acme/py:v1', size: 'a100-40gb' } })).toMatchObject({
      path: 'config.size',
    });
    expect(denied({ config: { image: 'evil/py:v1' } })).toMatchObject({
      rule: 'images.allow',
      path: 'config.image',
    });
    expect(denied({ config: { image: 'acme/py:v1', containers: [{ image: 'evil/x' }] } })).toMatchObject({
      rule: 'images.allow',
    });
    expect(
      denied({ config: { image: 'acme/py:v1', volumes: [{ name: 'x', image: 'evil/x' }] } }),
    ).toMatchObject({ rule: 'images.allow' });
    expect(denied({ region: 'iad', config: { image: 'acme/py:v1' } })).toMatchObject({ rule: 'regions' });
    expect(
      denied({ config: { image: 'acme/py:v1', mounts: [{ path: '/d', name: 'd', size_gb: 11 }] } }),
    ).toMatchObject({
      path: 'config.mounts[0].size_gb',
    });
  });

  it('never lets a reserved name through, whatever stands around it (GATE-8)', () => {
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
