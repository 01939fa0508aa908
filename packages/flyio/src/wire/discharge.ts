/**
 * The third party's protocol: `POST {location}/.well-known/macfly/3p`, then perhaps polling (the `tp` folder
 * of superfly/macaroon). The status code says nothing except 202 while polling; the body has exactly one of
 * four members.
 */
import { z } from 'zod';

/** The path below a third party's location. */
export const DISCHARGE_PATH = '/.well-known/macfly/3p';

/** The question: the ticket of a third-party caveat, standard base64. */
export const dischargeRequest = z.looseObject({
  ticket: z
    .string()
    .min(1)
    .max(65_536)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'must be base64'),
});
export type DischargeRequestWire = z.infer<typeof dischargeRequest>;

const FORMS = [
  z.looseObject({ discharge: z.string().min(1) }),
  z.looseObject({ poll_url: z.string().min(1) }),
  z.looseObject({
    user_interactive: z.looseObject({ user_url: z.string().min(1), poll_url: z.string().min(1) }),
  }),
  z.looseObject({ error: z.string() }),
] as const;

/** The answer: a discharge, an address to poll, a page for a person and an address to poll, or a refusal. */
export const dischargeResponse = z
  .record(z.string(), z.unknown())
  .refine(
    (body) =>
      ['discharge', 'poll_url', 'user_interactive', 'error'].filter((name) => name in body).length === 1,
    {
      error: 'must have exactly one of discharge, poll_url, user_interactive and error',
    },
  )
  .pipe(z.union(FORMS));
export type DischargeResponse = z.infer<typeof dischargeResponse>;
