import { flyUrls } from '@hangar/flyio';
import { createTigrisClient } from '@hangar/flyio/tigris';
import { type Clock, inWords, silentLog } from '@hangar/http';
import { createOutgoing } from '@hangar/security/outgoing';
import type { Config } from '../config.ts';
import type { PassthroughConfig } from '../config/passthrough.ts';
import { type Tried, tryCredentials } from '../house/credentials.ts';
import { operatorClients } from '../house/operator-clients.ts';
import {
  createOperatorOrganization,
  type OperatorOrganization,
} from '../passthrough/operator-organization.ts';
import { tryStorage } from '../passthrough/try-storage.ts';
import { examineAddresses, examineClock } from './addresses.ts';
import { examineDatabase } from './database.ts';
import { type Finding, look } from './finding.ts';

/**
 * Looks at everything that Hangar needs from others: the database, both public addresses, the clock, and each credential at
 * whoever gave it. Nothing is changed anywhere.
 */
export async function examine(config: Config, now: Clock): Promise<readonly Finding[]> {
  const urls = flyUrls(config.fly === 'real' ? 'real' : { simulatorPort: config.simulatorPort });
  const outgoing = createOutgoing({
    allowedOrigins:
      config.fly === 'real'
        ? []
        : [urls.api, config.publicUrl, config.gatewayUrl].map((url) => new URL(url).origin),
  });
  const nowMs = (): number => now().getTime();
  try {
    return (
      await Promise.all([
        examineDatabase(config, nowMs).then((finding) => [finding]),
        examineAddresses(config, { outgoing, flyUrl: urls.api, nowMs }),
        examineCredentials(config, { urls, outgoing, now }),
      ])
    ).flat();
  } finally {
    await outgoing.close();
  }
}

/** The same of `passthrough` mode, which needs less: Tigris, and the organization of the app that it is. */
export async function examinePassthrough(config: PassthroughConfig, now: Clock): Promise<readonly Finding[]> {
  const urls = flyUrls(config.fly === 'real' ? 'real' : { simulatorPort: config.simulatorPort });
  const outgoing = createOutgoing({
    allowedOrigins: config.fly === 'real' ? [] : [new URL(urls.api).origin],
  });
  const tigris = createTigrisClient({
    s3Endpoint: urls.s3,
    iamEndpoint: urls.iam,
    accessKeyId: config.tigrisAccessKeyId,
    secretAccessKey: config.tigrisSecretAccessKey,
  });
  const organization = createOperatorOrganization(config, urls.machines);
  try {
    return (
      await Promise.all([
        examineClock({ outgoing, flyUrl: urls.api, nowMs: () => now().getTime() }).then((one) => [one]),
        tryStorage(config.tigrisBucket, tigris).then((tried) => tried.map(finding)),
        examineOrganization(config, organization).then((one) => [one]),
      ])
    ).flat();
  } finally {
    await Promise.all([outgoing.close(), organization.close()]);
    tigris.close();
  }
}

async function examineOrganization(
  { allowedOrgs, appName }: PassthroughConfig,
  organization: OperatorOrganization,
): Promise<Finding> {
  const about = 'FLY_ALLOWED_ORGS';
  if (allowedOrgs !== undefined)
    return {
      about,
      verdict: 'fine',
      says: allowedOrgs === '*' ? 'every organization' : allowedOrgs.join(', '),
    };
  if (appName === undefined)
    return {
      about,
      verdict: 'wrong',
      says: 'neither this nor FLY_APP_NAME is set, so no organization is allowed',
      remedy: 'Set it.',
    };
  return await look('FLY_APP_NAME', async () => {
    const slug = await organization.of(appName);
    return slug === undefined
      ? { about: 'FLY_APP_NAME', verdict: 'wrong', says: 'there is no such app', remedy: `Set ${about}.` }
      : { about: 'FLY_APP_NAME', verdict: 'fine', says: `its organization is ${slug}` };
  });
}

async function examineCredentials(
  config: Config,
  parts: Pick<Parameters<typeof operatorClients>[0], 'urls' | 'outgoing' | 'now'>,
): Promise<readonly Finding[]> {
  let clients;
  try {
    clients = await operatorClients({ config, ...parts, log: silentLog });
  } catch (error) {
    return [{ about: 'FLY_API_TOKEN', verdict: 'wrong', says: inWords(error) }];
  }
  try {
    return (await tryCredentials({ ...clients, organization: config.flyOrg })).map(finding);
  } finally {
    await clients.machines.close();
    await clients.api.close();
    clients.tigris.close();
  }
}

function finding({ variable, verdict, detail }: Tried): Finding {
  switch (verdict) {
    case 'accepted':
      return { about: variable, verdict: 'fine', says: 'accepted' };
    case 'refused':
      return {
        about: variable,
        verdict: 'wrong',
        says: `refused: ${detail}`,
        remedy: 'Ask for a new one, and set it.',
      };
    case 'unknown':
      return { about: variable, verdict: 'unknown', says: `nobody could tell: ${detail}` };
  }
}
