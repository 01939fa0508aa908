import {
  allowPlainHttpToSimulator,
  createMachinesClient,
  createOAuthClient,
  createUpstream,
  type FlyUrls,
  type MachinesClient,
  type OAuthClient,
  type Upstream,
} from '@hangar/flyio';
import { createTigrisClient, type TigrisClient } from '@hangar/flyio/tigris';
import type { Clock, Log } from '@hangar/http';
import type { Outgoing } from '@hangar/security/outgoing';
import type { Config } from '../config.ts';
import { keepUpstreamCredential, type UpstreamCredential } from './upstream-credential.ts';

/** What carries the operator's own credentials to Fly.io and Tigris. */
export interface OperatorClients {
  readonly credential: UpstreamCredential;
  readonly machines: MachinesClient;
  /** api.fly.io: logs, and what an image is. */
  readonly api: Upstream;
  readonly tigris: TigrisClient;
  readonly oauth: OAuthClient;
}

/** Makes them; nothing is asked yet. */
export async function operatorClients(parts: {
  readonly config: Config;
  readonly urls: FlyUrls;
  readonly outgoing: Outgoing;
  readonly now: Clock;
  readonly log: Log;
}): Promise<OperatorClients> {
  const { config, urls, outgoing, now, log } = parts;
  const credential = await keepUpstreamCredential({ token: config.flyApiToken, urls, outgoing, now, log });
  return {
    credential,
    machines: createMachinesClient({ baseUrl: urls.machines, token: () => credential.current() }),
    api: createUpstream({ baseUrl: urls.api, token: () => credential.current() }),
    tigris: createTigrisClient({
      s3Endpoint: urls.s3,
      iamEndpoint: urls.iam,
      accessKeyId: config.tigrisAccessKeyId,
      secretAccessKey: config.tigrisSecretAccessKey,
    }),
    oauth: createOAuthClient({
      clientId: config.oauthClientId,
      clientSecret: config.oauthClientSecret,
      redirectUri: `${config.publicUrl}/flyio/callback`,
      apiUrl: urls.api,
      outgoing,
      ...(config.fly === 'real' ? {} : { allowPlainHttp: allowPlainHttpToSimulator }),
    }),
  };
}
