/**
 * The Machines API's calls about tokens: `/v1/tokens/…`. The first two carry no Authorization header of their
 * own.
 */
import { z } from 'zod';

/** `POST /v1/tokens/authenticate`: which of these tokens are genuine? */
export const authenticateRequest = z.looseObject({ header: z.string() });
export type AuthenticateRequest = z.infer<typeof authenticateRequest>;

/** One genuine token. The caveats are those to be cleared, discharges' included. */
export const verifiedToken = z.looseObject({
  header: z.string(),
  caveats: z.looseObject({ caveats: z.array(z.unknown()) }),
  nonce: z.looseObject({ kid: z.string(), rnd: z.string(), proof: z.boolean() }),
  permission_token: z.string(),
});
export type VerifiedToken = z.infer<typeof verifiedToken>;

/** Its answer: only tokens that verified. */
export const authenticateResponse = z.array(verifiedToken);

/** What is to be done, in a caller's words; the server resolves names and fills in parents. */
export const requestedAccess = z.looseObject({
  action: z.string().regex(/^[rwcdC]*$/, 'must be letters of rwcdC'),
  org_slug: z.string().optional(),
  app_name: z.string().optional(),
  machine_id: z.string().optional(),
  volume_id: z.string().optional(),
  org_feature: z.string().optional(),
  app_feature: z.string().optional(),
  machine_feature: z.string().optional(),
  mutation: z.string().optional(),
  command: z.array(z.string()).optional(),
  storage_object: z.string().optional(),
  source_machine: z.string().optional(),
});
export type RequestedAccess = z.infer<typeof requestedAccess>;

/** `POST /v1/tokens/authorize`: may these tokens do that? */
export const authorizeRequest = z.looseObject({ header: z.string(), access: requestedAccess });
export type AuthorizeRequest = z.infer<typeof authorizeRequest>;

/** Its answer when they may; when not, an error of the Machines API. */
export const authorizeResponse = z.looseObject({
  access: z.record(z.string(), z.unknown()),
  verified_token: verifiedToken,
});
export type AuthorizeResponse = z.infer<typeof authorizeResponse>;

/** `GET /v1/tokens/current`: what am I holding? */
export const currentTokens = z.looseObject({
  tokens: z.array(
    z.looseObject({
      token_id: z.string(),
      organization: z.string().nullish(),
      org_slug: z.string().nullish(),
      apps: z.array(z.unknown()).nullish(),
      user: z.string().nullish(),
      source_machine_id: z.string().nullish(),
      restricted_to_machine: z.string().nullish(),
    }),
  ),
});
export type CurrentTokens = z.infer<typeof currentTokens>;
