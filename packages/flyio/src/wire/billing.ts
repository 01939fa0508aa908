/**
 * `GET {base}/billing/charges`: what a provider tells Fly.io about cost. The page (docs/specs/extensions.md#charges)
 * only asks for "a minimal billing API", so the members are ours; money is decimal text.
 */
import { z } from 'zod';
import { decimalText, instantText } from './text.ts';

/** One line: one meter of one resource, within one UTC day. */
export const charge = z.looseObject({
  /** The same at every pull, so that taking a line twice costs nobody anything. */
  id: z.string().min(1),
  organization_id: z.string(),
  /** Fly.io's id, or null for a resource that was made at the provider. */
  extension_id: z.string().nullable(),
  resource_id: z.string(),
  resource_name: z.string().optional(),
  category: z.enum(['usage', 'subscription', 'credit', 'adjustment', 'tax']),
  /** The line of a closed period that this one corrects. */
  corrects: z.string().nullable(),
  meter: z.string(),
  description: z.string().optional(),
  plan: z.string().nullish(),
  quantity: decimalText,
  unit: z.string(),
  unit_price: decimalText,
  amount: decimalText,
  currency: z.string().regex(/^[A-Z]{3}$/),
  start: instantText,
  end: instantText,
  /** True once it can't change; later corrections are lines of their own. */
  final: z.boolean(),
  updated_at: instantText,
});
export type Charge = z.infer<typeof charge>;

/** One page of charges. */
export const chargesResponse = z.looseObject({
  schema: z.literal(1),
  currency: z.string(),
  from: instantText,
  to: instantText,
  /** Usage is complete up to here; a puller must not take later days as final. */
  complete_through: instantText,
  generated_at: instantText,
  revision: z.union([z.string(), z.number()]),
  charges: z.array(charge),
  totals: z.record(z.string(), decimalText),
  next_cursor: z.string().nullable(),
});
export type ChargesResponse = z.infer<typeof chargesResponse>;
