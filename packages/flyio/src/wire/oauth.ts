/**
 * Fly.io's OAuth answers: docs/specs/extensions.md#sign-on. JSON, whatever the page prints.
 */
import { z } from 'zod';
import { userRole } from './provisioning.ts';

/** `POST /oauth/token`: the form of Doorkeeper's answers. */
export const tokenResponse = z.looseObject({
  access_token: z.string().min(1),
  token_type: z.string().refine((word) => word.toLowerCase() === 'bearer', 'must be Bearer'),
  expires_in: z.number().int().positive(),
  refresh_token: z.string().optional(),
  /** One text with blanks here, a list in the introspection. */
  scope: z.string().optional(),
  created_at: z.number().int().optional(),
});
export type TokenResponse = z.infer<typeof tokenResponse>;

const organizations = z.array(z.looseObject({ id: z.string().min(1), role: userRole })).max(1000);

/**
 * `GET /oauth/token/info`. Answers from before roles existed list `organization_ids` instead; they are read
 * as memberships without rights. With neither list, the person belongs nowhere.
 */
export const tokenInfo = z
  .looseObject({
    resource_owner_id: z.string().min(1),
    user_id: z.string().min(1),
    user_name: z.string().nullish(),
    email: z.string().min(1),
    organizations: organizations.optional(),
    organization_ids: z.array(z.string().min(1)).max(1000).optional(),
    scope: z.union([z.array(z.string()), z.string().transform((text) => text.split(' '))]),
    expires_in: z.number(),
    application: z.looseObject({ uid: z.string().min(1) }),
    created_at: z.number(),
  })
  .transform(({ organization_ids, organizations: listed, ...info }) => ({
    ...info,
    organizations:
      listed ??
      (organization_ids ?? []).map((id): { id: string; role: 'admin' | 'member' } => ({
        id,
        role: 'member',
      })),
  }));
export type TokenInfo = z.infer<typeof tokenInfo>;
