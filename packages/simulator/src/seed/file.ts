import { z } from 'zod';

const SLUG = z.string().regex(/^[a-z0-9-]{1,63}$/, 'lower-case letters, digits and dashes');
const OBJECT = z.record(z.string(), z.unknown());

/** What a world begins with beside its people. Bodies of volumes and machines are those of the Machines API. */
const SEED = z.strictObject({
  organizations: z.array(z.strictObject({ slug: SLUG, name: z.string().min(1) })).optional(),
  apps: z
    .array(
      z.strictObject({
        name: SLUG,
        organization: SLUG.optional(),
        network: z.string().optional(),
        secrets: z.record(z.string(), z.string()).optional(),
        volumes: z.array(OBJECT).optional(),
        machines: z.array(OBJECT).optional(),
      }),
    )
    .optional(),
  buckets: z
    .array(
      z.strictObject({
        name: z.string(),
        /** Texts by key. */
        objects: z.record(z.string().min(1).max(1024), z.string()).optional(),
      }),
    )
    .optional(),
});

/** A seed that has the right form; whether its things fit together is seen when they are made. */
export type Seed = z.infer<typeof SEED>;

/** Reads a seed from JSON. Throws RangeError that names every member which is wrong. */
export function readSeed(text: string): Seed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RangeError('the seed is not JSON', { cause: error });
  }
  const read = SEED.safeParse(value);
  if (!read.success) throw new RangeError(`the seed cannot be read: ${z.prettifyError(read.error)}`);
  return read.data;
}
