import { flyUrls } from '@hangar/flyio';
import { type Clock, inWords, silentLog } from '@hangar/http';
import { createOutgoing } from '@hangar/security/outgoing';
import type { Config } from '../config.ts';
import { type Tried, tryCredentials } from '../house/credentials.ts';
import { operatorClients } from '../house/operator-clients.ts';
import { examineAddresses } from './addresses.ts';
import { examineDatabase } from './database.ts';
import type { Finding } from './finding.ts';

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
