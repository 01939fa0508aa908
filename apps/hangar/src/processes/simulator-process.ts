import { fileURLToPath } from 'node:url';

/** What the simulated Fly.io has to know about the provider that it plays with. */
export interface SimulatedPlatform {
  readonly port: number;
  /** The public address of Hangar's main port. */
  readonly publicUrl: string;
  readonly providerSlug: string;
  readonly oauthClientId: string;
  readonly flyOrg: string;
  /** Names of flyctl's that lead to the provider. None when absent. */
  readonly flyctlNames?: readonly string[];
  readonly secrets: {
    readonly HANGAR_PROVISIONING_SECRET: string;
    readonly HANGAR_WEBHOOK_SECRET: string;
    readonly HANGAR_OAUTH_CLIENT_SECRET: string;
    readonly FLY_API_TOKEN: string;
    readonly FLY_TIGRIS_ACCESS_KEY_ID: string;
    readonly FLY_TIGRIS_SECRET_ACCESS_KEY: string;
  };
}

/** Its ports: the one it is given, for api.fly.io, and those of the Machines API, S3 and IAM behind it. */
export const SIMULATOR_PORTS = 4;

/** The simulator's program. It is a process of its own: Hangar meets it only over HTTP. */
export function simulatorScript(): string {
  return fileURLToPath(import.meta.resolve('@hangar/simulator/main'));
}

/** Arguments with which the program reads {@link simulatorSettings} and ends when we do, however that happens. */
export function simulatorArguments(stateFile: string): readonly string[] {
  return ['--exit-with-parent', '--state', stateFile];
}

/** The line with which it says that its doors are open. */
export function simulatorSaysReady(line: string): boolean {
  return line.startsWith('{"ready":true');
}

/** The first line of the program's standard input. Secrets travel here and not in arguments, which anyone can list. */
export function simulatorSettings(platform: SimulatedPlatform): string {
  const { secrets } = platform;
  const settings = {
    port: platform.port,
    organization: platform.flyOrg,
    provider: {
      base_url: `${platform.publicUrl}/flyio`,
      slug: platform.providerSlug,
      provisioning_secret: secrets.HANGAR_PROVISIONING_SECRET,
      webhook_secret: secrets.HANGAR_WEBHOOK_SECRET,
    },
    lending: { names: platform.flyctlNames ?? [], display_name: 'Hangar' },
    oauth: {
      client_id: platform.oauthClientId,
      client_secret: secrets.HANGAR_OAUTH_CLIENT_SECRET,
      redirect_uris: [`${platform.publicUrl}/flyio/callback`],
    },
    tokens: [{ token: secrets.FLY_API_TOKEN, organizations: [platform.flyOrg] }],
    storage_admin: {
      access_key_id: secrets.FLY_TIGRIS_ACCESS_KEY_ID,
      secret_access_key: secrets.FLY_TIGRIS_SECRET_ACCESS_KEY,
    },
  };
  return `${JSON.stringify(settings)}\n`;
}
