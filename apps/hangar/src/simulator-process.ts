import { fileURLToPath } from 'node:url';

/** What the simulated Fly.io has to know about the provider that it plays with. */
export interface SimulatedPlatform {
  readonly port: number;
  /** The public address of Hangar's main port. */
  readonly publicUrl: string;
  readonly providerSlug: string;
  readonly oauthClientId: string;
  readonly flyOrg: string;
  readonly secrets: {
    readonly HANGAR_PROVISIONING_SECRET: string;
    readonly HANGAR_WEBHOOK_SECRET: string;
    readonly HANGAR_OAUTH_CLIENT_SECRET: string;
    readonly FLY_API_TOKEN: string;
    readonly FLY_TIGRIS_ACCESS_KEY_ID: string;
    readonly FLY_TIGRIS_SECRET_ACCESS_KEY: string;
  };
}

/** The simulator's program. It is a process of its own: Hangar meets it only over HTTP. */
export function simulatorScript(): string {
  const main = import.meta.resolve('@hangar/simulator');
  return fileURLToPath(new URL(main.endsWith('.ts') ? './main.ts' : './main.js', main));
}
