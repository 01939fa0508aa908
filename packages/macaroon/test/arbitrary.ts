/** Random caveats and accesses over a small world, so that they meet often. */
import fc from 'fast-check';
import { neverClears, type Access, type Caveat } from '@hangar/macaroon';
import { start } from './fixture.ts';

/** Raised to the full figures by HANGAR_NIGHTLY=1. */
export const nightly = process.env['HANGAR_NIGHTLY'] === '1';

const mask = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 31 }) },
  { weight: 1, arbitrary: fc.constant(31) },
);
const wideMask = fc.integer({ min: 0, max: 0xffff });
const appId = fc.constantFrom(0n, 1n, 2n, 3n);
const name = fc.constantFrom(
  '',
  'a',
  'b',
  '\u{1F600}',
  '\uFFEE',
  '__proto__',
  'wg',
  'billing',
  'litefs-cloud',
);
const url = fc.constantFrom('', 'https://s/', 'https://s/b', 'https://s/b/', 'https://s/bucket');
const text = fc.oneof(name, fc.string({ unit: 'grapheme', maxLength: 40 }));
const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const second = fc.oneof(
  fc.integer({ min: start - 5, max: start + 5 }),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)),
);
const bytes = fc.uint8Array({ maxLength: 70 });

const nullable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: fc.constant(null) });
const idMasks = (masks: fc.Arbitrary<number>) =>
  nullable(
    fc.array(fc.tuple(fc.oneof(appId, uint64), masks), { maxLength: 4 }).map((entries) => new Map(entries)),
  );
const nameMasks = (keys: fc.Arbitrary<string>, masks: fc.Arbitrary<number>) =>
  nullable(fc.array(fc.tuple(keys, masks), { maxLength: 4 }).map((entries) => new Map(entries)));

const command = fc.record({
  args: nullable(fc.array(fc.constantFrom('ls', '-l', 'x'), { maxLength: 3 })),
  exact: fc.boolean(),
});

/** Caveats that JSON can carry: everything but unknown types, 3P caveats and bodies that are nil. */
function jsonCaveats(masks: fc.Arbitrary<number>, depth: number): fc.Arbitrary<Caveat> {
  const of = <T extends Caveat>(fields: {
    [Field in keyof T]: fc.Arbitrary<T[Field]>;
  }): fc.Arbitrary<Caveat> => fc.record(fields) as unknown as fc.Arbitrary<Caveat>;
  const is = <T extends string>(...types: T[]) => fc.constantFrom(...types);
  const kinds: fc.Arbitrary<Caveat>[] = [
    of({ type: is('Organization'), id: fc.constantFrom(0n, 4721n, 4722n), mask: masks }),
    of({ type: is('Apps'), apps: idMasks(masks) }),
    of({ type: is('Volumes'), volumes: nameMasks(name, masks) }),
    of({ type: is('Machines'), machines: nameMasks(name, masks) }),
    of({ type: is('Clusters'), clusters: nameMasks(name, masks) }),
    of({ type: is('FeatureSet', 'AppFeatureSet', 'MachineFeatureSet'), features: nameMasks(name, masks) }),
    of({ type: is('StorageObjects'), prefixes: nameMasks(url, masks) }),
    of({ type: is('ValidityWindow'), notBefore: second, notAfter: second }),
    of({ type: is('Mutations'), mutations: nullable(fc.array(name, { maxLength: 3 })) }),
    of({ type: is('Action'), mask: masks }),
    of({ type: is('Commands'), commands: fc.array(command, { maxLength: 3 }) }),
    of({ type: is('FromMachineSource'), machine: name }),
    of({ type: is('FlySrc'), organization: name, app: name, instance: name }),
    of({ type: is('AllowedRoles'), roles: fc.constantFrom(0, 1, 2, 3, 0xffffffff, 0x80000000) }),
    of({ type: is('IsMember') }),
    of({ type: is('ConfineUser', 'ConfineOrganization', 'ConfineGitHubOrg'), id: uint64 }),
    of({ type: is('ConfineGoogleHD'), domain: text }),
    of({
      type: is('MaxValidity'),
      seconds: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.constant(2n ** 64n - 1n)),
    }),
    of({ type: is('IsUser'), id: uint64 }),
  ];
  if (depth > 0) {
    const inner = fc.array(jsonCaveats(masks, depth - 1), { maxLength: 3 });
    kinds.push(of({ type: is('IfPresent'), ifs: inner, else: masks }));
  }
  return fc.oneof(...kinds);
}

/** What clears nothing can come from elsewhere, and is not made here. */
function makeable(caveat: Caveat): boolean {
  return neverClears(caveat) === undefined;
}

/** Caveats whose JSON loses nothing. */
export const jsonCaveat = jsonCaveats(mask, 2).filter(makeable);

/** Caveats whose whole meaning fits into a sentence, contradictions among them, with names that can be told apart in it. */
export const readableCaveat = fc.oneof(
  { weight: 3, arbitrary: permissive() },
  { weight: 2, arbitrary: jsonCaveats(mask, 2) },
);

/** Sets that requests of this small world often meet, so that many of them clear. */
function permissive(): fc.Arbitrary<Caveat> {
  const most = fc.constantFrom(31, 31, 31, 19, 1);
  return fc.oneof(
    fc
      .array(fc.tuple(appId, most), { minLength: 1, maxLength: 3 })
      .map((entries): Caveat => ({ type: 'Apps', apps: new Map(entries) })),
    fc
      .array(fc.tuple(url, most), { minLength: 1, maxLength: 4 })
      .map((entries): Caveat => ({ type: 'StorageObjects', prefixes: new Map(entries) })),
    fc.record({
      type: fc.constant('IfPresent' as const),
      ifs: fc.array(jsonCaveats(most, 0), { minLength: 1, maxLength: 2 }),
      else: most,
    }),
    fc.record({ type: fc.constant('Action' as const), mask: most }),
  );
}

const attestation = fc.oneof(
  fc.record({ type: fc.constantFrom('FlyioUserID' as const, 'GitHubUserID' as const), id: uint64 }),
  fc.record({ type: fc.constant('GoogleUserID' as const), id: fc.bigInt({ min: 0n, max: 2n ** 80n }) }),
);
const unknownBody = fc
  .constantFrom('c0', '90', 'd40100', 'cb3ff0000000000000', '819001', 'd900', 'cd0001')
  .map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));
const oddities: fc.Arbitrary<Caveat> = fc.oneof(
  attestation,
  fc.record({
    type: fc.constant('3P' as const),
    location: text,
    verifierKey: nullable(bytes),
    ticket: bytes,
  }),
  fc.record({ type: fc.constant('BindToParentToken' as const), prefix: nullable(bytes) }),
  fc.record({ type: fc.constant('Commands' as const), commands: fc.constant(null) }),
  fc.record({
    type: fc.constant('Unknown' as const),
    number: fc.oneof(fc.constantFrom(1n, 17n, 18n), fc.bigInt({ min: 32n, max: 2n ** 64n - 1n })),
    body: unknownBody,
  }),
);

/** Any caveat at all, with any mask. */
export const anyCaveat: fc.Arbitrary<Caveat> = fc.oneof(
  { weight: 4, arbitrary: jsonCaveats(wideMask, 3) },
  { weight: 1, arbitrary: oddities },
);

/** Any caveat that may be added to an ordinary token. */
export const addableCaveat: fc.Arbitrary<Caveat> = fc
  .oneof(
    { weight: 9, arbitrary: jsonCaveats(mask, 2) },
    { weight: 1, arbitrary: oddities.filter(({ type }) => type === 'Unknown' || type === 'Commands') },
  )
  .filter(makeable);

/** Requests over the same small world; most hold together, some do not. */
export const anyAccess: fc.Arbitrary<Access> = fc
  .record(
    {
      action: mask,
      now: fc.integer({ min: start - 3, max: start + 3 }).map((seconds) => new Date(seconds * 1000)),
      orgId: fc.constantFrom(4721n, 4721n, 4721n, 4722n),
      appId,
      feature: name,
      storageObject: url,
      appFeature: name,
      volume: name,
      machine: name,
      machineFeature: name,
      command: fc.array(fc.constantFrom('ls', '-l', 'x'), { maxLength: 3 }),
      cluster: name,
      mutation: name,
      sourceMachine: name,
      sourceApp: name,
      sourceOrganization: name,
    },
    { requiredKeys: ['action', 'now', 'orgId'] },
  )
  .map(plausible);

/** Drops what would make the request contradict itself, most of the time. */
function plausible(access: Access): Access {
  const { action } = access;
  if (action === 7) return access;
  const {
    appId: app,
    feature,
    storageObject,
    machine,
    volume,
    appFeature,
    command: line,
    machineFeature,
    cluster,
    ...rest
  } = access;
  if (app !== undefined) {
    const inside =
      machine !== undefined
        ? {
            machine,
            ...(line !== undefined
              ? { command: line }
              : machineFeature !== undefined
                ? { machineFeature }
                : {}),
          }
        : volume !== undefined
          ? { volume }
          : appFeature !== undefined
            ? { appFeature }
            : {};
    return { ...rest, appId: app, ...inside };
  }
  if (feature !== undefined) {
    return { ...rest, feature, ...(cluster !== undefined && feature === 'litefs-cloud' ? { cluster } : {}) };
  }
  return storageObject === undefined ? rest : { ...rest, storageObject };
}
