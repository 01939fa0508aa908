import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldName, readBody, SCHEMAS, type Schema, type SchemaName } from '@hangar/flyio';

/** Objects, members and types of Fly.io's OpenAPI document (version 1.0), as far as request bodies reach them. */
const DOCUMENT = JSON.parse(
  readFileSync(new URL('./fixtures/machines-api-bodies.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, string>>;

/** What the document leaves out: fly-go sends it, or the written reference names it. */
const BEYOND: Readonly<Record<string, readonly string[]>> = {
  'fly.MachineConfig': ['spot', 'volumes'],
  'fly.MachineSpot': ['max_price_fraction'],
  'fly.ContainerConfig': ['mounts'],
  'fly.ContainerMount': ['name', 'path'],
  'fly.VolumeConfig': ['image', 'name', 'temp_dir'],
  'fly.TempDirVolume': ['size_mb', 'storage_type'],
  CreateAppDeployTokenRequest: ['expiry'],
  CreateAppRequest: ['app_name', 'app_role_id', 'enable_subdomains', 'name', 'network', 'org_slug'],
  CreateVolumeRequest: ['machines_only'],
  MachineExecRequest: ['machine'],
  RestartRequest: ['force_stop', 'signal', 'timeout'],
  StopRequest: ['id'],
};

/** The JSON types of the document, by leaf. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  flag: ['boolean'],
  count: ['integer'],
  cpus: ['integer'],
  memory: ['integer'],
  gigabytes: ['integer'],
  whole: ['integer'],
  number: ['number'],
  variables: ['{string}'],
  metadata: ['{string}'],
  'metadata-changes': ['{string}'],
  'secret-changes': ['{string}'],
  'header-value': ['any'],
};

function typeOf(shape: string): readonly string[] {
  const [, open = '', item = shape, close = ''] = /^([[{]?)(.*?)([\]}]?)$/.exec(shape) ?? [];
  const types = item in SCHEMAS ? [item] : (TYPES[item] ?? ['string']);
  return types.map((type) => `${open}${type}${close}`);
}

describe('the table of request bodies', () => {
  it('names the members of the OpenAPI document and no others', () => {
    const ours = Object.fromEntries(
      Object.entries(SCHEMAS).map(([name, members]) => [name, Object.keys(members).sort()]),
    );
    const theirs = Object.fromEntries(
      [...new Set([...Object.keys(DOCUMENT), ...Object.keys(BEYOND)])].map((name) => [
        name,
        [...Object.keys(DOCUMENT[name] ?? {}), ...(BEYOND[name] ?? [])].sort(),
      ]),
    );
    expect(ours).toEqual(theirs);
  });

  it('gives each of them the type that the document gives it', () => {
    const differing = Object.entries(DOCUMENT).flatMap(([name, members]) =>
      Object.entries(members).flatMap(([member, type]) => {
        const shape = (SCHEMAS[name as SchemaName] as Schema)[member] ?? '';
        return typeOf(shape).includes(type) ? [] : [`${name}.${member}: ${type} is ${shape}`];
      }),
    );
    expect(differing).toEqual([]);
  });
});

describe('reading a body', () => {
  const faultsOf = (schema: SchemaName, body: unknown) =>
    Object.fromEntries(readBody(schema, body).faults.map(({ path, fault }) => [path, fault]));

  it('names every fault at once, by its whole path, with the name that was meant', () => {
    const body = {
      nmae: 'x',
      config: {
        imgae: 'a',
        Env: {},
        env: { A: 1 },
        containers: [{ image: 'a', Image: 'b' }, 7],
        checks: { web: { intervall: '5s', port: '80' } },
        mounts: [{ volume: 'v', SIZE_GB: 1, ſize_gb: 2, '\u212Aind': 3 }],
        services: [{ ports: [{ port: 443, handlers: 'tls' }] }],
        qwertz: 1,
      },
    };
    expect(faultsOf('CreateMachineRequest', body)).toEqual({
      nmae: 'not known; did you mean name?',
      'config.imgae': 'not known; did you mean image?',
      'config.Env': 'must be written env',
      'config.env.A': 'must be a text',
      'config.containers[0].Image': 'must be written image',
      'config.containers[1]': 'must be an object',
      'config.checks.web.intervall': 'not known; did you mean interval?',
      'config.checks.web.port': 'must be a whole number, 0 or more',
      'config.mounts[0].SIZE_GB': 'must be written size_gb',
      'config.mounts[0]."\u017Fize_gb"': 'must be written size_gb',
      'config.mounts[0]."\u212Aind"': 'not known',
      'config.services[0].ports[0].handlers': 'must be a list',
      'config.qwertz': 'not known',
    });
  });

  it('never says more than fifty things, nor repeats a long name', () => {
    const body = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`${'x'.repeat(500)}${at}`, 1]));
    const { faults } = readBody('CreateMachineRequest', body);
    expect(faults).toHaveLength(50);
    expect(Math.max(...faults.map(({ path }) => path.length))).toBeLessThan(100);
  });

  it('takes names of an object for nothing else than members', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const body = JSON.parse(`{"${name}": {}}`) as unknown;
      expect(readBody('StopRequest', body).faults).toHaveLength(1);
    }
  });

  it('takes no member in another spelling that Go would fold to it', () => {
    const members = Object.entries(SCHEMAS).flatMap(([schema, all]) =>
      Object.keys(all).map((member) => ({ schema: schema as SchemaName, member })),
    );
    fc.assert(
      fc.property(fc.constantFrom(...members), fc.infiniteStream(fc.nat(2)), ({ schema, member }, dice) => {
        const respelled = Array.from(member)
          .map((letter) => {
            const { value } = dice.next();
            if (value === 1) return letter.toUpperCase();
            if (value === 2)
              return ({ s: '\u017F', k: '\u212A' } as Record<string, string>)[letter] ?? letter;
            return letter;
          })
          .join('');
        fc.pre(respelled !== member);
        expect(foldName(respelled)).toBe(foldName(member));
        const { value, faults } = readBody(schema, { [respelled]: 'x' });
        expect(value).toEqual({});
        expect(faults.map(({ fault }) => fault)).toEqual([`must be written ${member}`]);
      }),
      { numRuns: process.env['HANGAR_NIGHTLY'] ? 20_000 : 500 },
    );
  });

  it('takes no leaf of another type', () => {
    const wrong: Readonly<Record<string, unknown>> = { text: 7, count: '7', flag: 'x' };
    const fitting: Readonly<Record<string, readonly string[]>> = {
      flag: ['flag'],
      count: ['count', 'whole', 'number', 'cpus', 'memory', 'gigabytes'],
    };
    for (const [schema, members] of Object.entries(SCHEMAS)) {
      for (const [member, shape] of Object.entries(members)) {
        const kind = Object.entries(fitting).find(([, shapes]) => shapes.includes(shape))?.[0];
        const value = kind === undefined ? [[]] : wrong[kind];
        expect(readBody(schema as SchemaName, { [member]: value }).faults, `${schema}.${member}`).not.toEqual(
          [],
        );
      }
    }
  });
});
