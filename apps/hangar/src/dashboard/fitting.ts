import { HangarError } from '@hangar/http';
import type { z } from 'zod';

/** A value of the form that a schema describes. Throws `invalid`, naming each member at fault. */
export function fitting<T>(schema: z.ZodType<T>, value: unknown): T {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  const fields = outcome.error.issues.map(
    ({ path, message }) => [path.join('.') || 'body', message] as const,
  );
  throw new HangarError('invalid', { fields: Object.fromEntries(fields) });
}
