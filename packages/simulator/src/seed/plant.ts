import { createHash } from 'node:crypto';
import { Action } from '@hangar/macaroon';
import { randomBase36 } from '../ids.ts';
import { createApp } from '../machines/apps/apps.ts';
import { changeSecrets } from '../machines/apps/secrets.ts';
import { createVolume } from '../machines/apps/volumes.ts';
import { createMachine } from '../machines/machine/create.ts';
import { checkedBody } from '../machines/request/body.ts';
import type { Caller } from '../machines/request/caller.ts';
import { Refusal } from '../machines/request/refusal.ts';
import { isBucketName } from '../s3/buckets.ts';
import { checksumOf } from '../s3/wire/checksums.ts';
import type { Simulation } from '../simulation.ts';
import type { Bucket } from '../world/storage.ts';
import { Table } from '../world/table.ts';
import { nextNumber } from '../world/world.ts';
import type { Seed } from './file.ts';

/** Numbers of organizations that a seed makes begin behind those of the seeded ones. */
const FIRST_ORGANIZATION_NUMBER = 51_000;

/**
 * Makes the things of a seed in a world, by the rules of the Machines API and of S3. Throws RangeError that says where something does not
 * fit; what came before it is made then, so a caller that minds tries it in a world of no consequence first.
 */
export function plant(simulation: Simulation, seed: Seed): void {
  const { world, settings } = simulation;
  for (const [index, { slug, name }] of (seed.organizations ?? []).entries()) {
    if (world.organizations.has(slug)) throw misfit(`organizations[${index}]`, `there is a ${slug} already`);
    const number = FIRST_ORGANIZATION_NUMBER + nextNumber(world);
    world.organizations.set(slug, { id: randomBase36(14), slug, name, number });
  }
  for (const [index, one] of (seed.apps ?? []).entries()) {
    const organization = one.organization ?? settings.organization;
    within(`apps[${index}]`, () => plantApp(simulation, organization, one));
  }
  for (const [index, { name, objects }] of (seed.buckets ?? []).entries()) {
    const where = `buckets[${index}]`;
    if (!isBucketName(name)) throw misfit(where, 'a bucket cannot have this name');
    if (world.buckets.has(name)) throw misfit(where, `there is a bucket ${name} already`);
    world.buckets.set(name, bucketOf(simulation, name, objects ?? {}));
  }
  simulation.commit();
}

function plantApp(simulation: Simulation, slug: string, one: NonNullable<Seed['apps']>[number]): void {
  if (!simulation.world.organizations.has(slug)) throw new Refusal(404, `there is no organization ${slug}`);
  const caller: Caller = {
    tokens: [{ id: 'seed', organizations: [slug] }],
    macaroons: [],
    need: { action: Action.all },
    email: 'seed@tokens.fly.io',
  };
  const { name, network } = one;
  const app = createApp(simulation, caller, { name, org_slug: slug, network });
  if (one.secrets) changeSecrets(simulation, app, { values: one.secrets });
  for (const body of one.volumes ?? [])
    createVolume(simulation, app, checkedBody('CreateVolumeRequest', body));
  for (const body of one.machines ?? [])
    createMachine(simulation, caller, app, checkedBody('CreateMachineRequest', body));
}

function bucketOf({ clock, bodies }: Simulation, name: string, texts: Record<string, string>): Bucket {
  const objects: Bucket['objects'] = new Table();
  for (const [key, text] of Object.entries(texts)) {
    const bytes = Buffer.from(text);
    objects.set(key, {
      key,
      body: bodies.add(bytes),
      size: bytes.byteLength,
      etag: createHash('md5').update(bytes).digest('hex'),
      modifiedAtMs: clock.nowMs(),
      headers: {},
      metadata: {},
      checksum: checksumOf(bytes),
    });
  }
  return { name, createdAtMs: clock.nowMs(), foreign: false, objects, uploads: new Table() };
}

function within(where: string, make: () => void): void {
  try {
    make();
  } catch (error) {
    throw error instanceof Refusal ? misfit(where, error.message) : error;
  }
}

function misfit(where: string, why: string): RangeError {
  return new RangeError(`the seed does not fit, ${where}: ${why}`);
}
