import { z } from 'zod';

/** What is read of Fly.io's answers; the rest of them is passed over. Values of tokens are never asked for. */
const text = z.string().nullish();

const port = z.object({
  port: z.number().nullish(),
  start_port: z.number().nullish(),
  end_port: z.number().nullish(),
  handlers: z.array(z.string()).nullish(),
  force_https: z.boolean().nullish(),
});
const service = z.object({
  internal_port: z.number().nullish(),
  protocol: text,
  ports: z.array(port).nullish(),
});
const config = z.object({
  image: text,
  env: z.record(z.string(), z.unknown()).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  services: z.array(service).nullish(),
  files: z.array(z.object({ guest_path: text, raw_value: text })).nullish(),
  init: z
    .object({
      cmd: z.array(z.string()).nullish(),
      entrypoint: z.array(z.string()).nullish(),
      exec: z.array(z.string()).nullish(),
    })
    .nullish(),
  containers: z.array(z.object({ name: text, env: z.record(z.string(), z.unknown()).nullish() })).nullish(),
});

export const MACHINES = z.array(
  z.object({
    id: z.string(),
    state: text,
    config: config.nullish(),
    image_ref: z.object({ digest: text }).nullish(),
  }),
);
export const VOLUMES = z.array(
  z.object({
    id: z.string(),
    name: text,
    encrypted: z.boolean().nullish(),
    auto_backup_enabled: z.boolean().nullish(),
    attached_machine_id: text,
    created_at: text,
  }),
);
export const SECRETS = z.object({
  secrets: z.array(z.object({ name: z.string(), updated_at: text, created_at: text })),
});
export const CERTIFICATES = z.object({
  certificates: z.array(z.object({ hostname: z.string(), configured: z.boolean().nullish(), status: text })),
});
export const CERTIFICATE = z.object({
  certificates: z.array(z.object({ status: text, expires_at: text })).nullish(),
});
export const APPS = z.object({ apps: z.array(z.object({ name: z.string(), network: text })) });

const nodes = <T extends z.ZodType>(of: T) => z.object({ nodes: z.array(of) });
export const ORGANIZATION = z.object({
  organization: z.object({
    slug: z.string(),
    limitedAccessTokens: nodes(
      z.object({
        id: z.string(),
        name: z.string(),
        profile: z.string(),
        createdAt: z.string(),
        expiresAt: text,
        revokedAt: text,
        user: z.object({ email: text }).nullish(),
      }),
    ),
    members: z.object({ edges: z.array(z.object({ node: z.object({ email: z.string() }) })) }),
    wireGuardPeers: nodes(z.object({ id: z.string(), name: z.string(), region: z.string() })),
  }),
});
export const ADDRESSES = z.object({
  app: z.object({
    sharedIpAddress: text,
    ipAddresses: nodes(z.object({ address: z.string(), type: z.string() })),
  }),
});

export type LiveMachine = z.infer<typeof MACHINES>[number];
export type LiveVolume = z.infer<typeof VOLUMES>[number];
export type LiveOrganization = z.infer<typeof ORGANIZATION>['organization'];
