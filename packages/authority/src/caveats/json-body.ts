import type { z } from 'zod';

/** Reads a caveat's JSON body; throws the TypeError that the macaroon library expects, naming the field. */
export function bodyFrom<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TypeError(`${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not accepted'}`);
}
