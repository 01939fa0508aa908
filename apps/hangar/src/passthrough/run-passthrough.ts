import { createTigrisClient } from '@hangar/flyio/tigris';
import { type AllowedOrganizations, createPassthrough } from '@hangar/gateway';
import { HangarError } from '@hangar/http';
import type { PassthroughConfig } from '../config/passthrough.ts';
import { closing, type Closing } from '../house/closing.ts';
import { reportTried } from '../house/credentials.ts';
import { reachPlatform } from '../house/platform.ts';
import { clientAddress } from '../http/client-address.ts';
import { createMetrics } from '../http/metrics.ts';
import { createReadiness } from '../http/readiness.ts';
import { serve, tryPort } from '../http/server.ts';
import { createLog } from '../processes/log.ts';
import type { Running } from '../processes/run-hangar.ts';
import { createOperatorOrganization } from './operator-organization.ts';
import { createPassthroughDoor } from './passthrough-door.ts';
import { tryStorage } from './try-storage.ts';

/** How long running requests may take to finish after a signal. */
const GRACE_MS = 8_000;

/**
 * Serves the gateway in `passthrough` mode on the main port. There is nothing to open: what it knows is at Fly.io and Tigris.
 *
 * @param beforeOpening called once the port can be had; what it starts it puts on the list to be closed, first of all.
 * @throws HangarError `config_invalid` for a taken port.
 */
export async function runPassthrough(
  config: PassthroughConfig,
  beforeOpening: (open: Closing) => Promise<void> = async () => {},
): Promise<Pick<Running, 'stop'>> {
  const log = createLog(config.logLevel);
  const open = closing(log);
  try {
    const metrics = createMetrics(config.metricsToken ?? (config.fly === 'real' ? 'closed' : 'open'));
    const door = {
      name: 'main',
      host: config.host,
      port: config.port,
      clientAddress: clientAddress(config.trustedProxies),
      log,
      metrics,
    };
    await tryPort(door);
    await beforeOpening(open);
    const { urls, now } = await reachPlatform(config, open, log);
    const tigris = createTigrisClient({
      s3Endpoint: urls.s3,
      iamEndpoint: urls.iam,
      accessKeyId: config.tigrisAccessKeyId,
      secretAccessKey: config.tigrisSecretAccessKey,
    });
    open.later('calls to Tigris', () => tigris.close());
    const organization = createOperatorOrganization(config, urls.machines);
    open.later('the question for the organization', () => organization.close());
    const passthrough = createPassthrough({
      machinesUrl: urls.machines,
      tigris,
      allowedOrgs: allowedOrganizations(config),
      organizationOf: (app) => organization.of(app),
      storageEndpoint: urls.s3,
      ownBucket: config.tigrisBucket,
      maxApps: config.maxApps,
      profile: config.machineProfile,
      now,
      log,
    });
    open.later('calls to Fly.io', () => passthrough.close());
    const needs = readinessNeeds(config, (app) => organization.of(app));
    const app = createPassthroughDoor({ passthrough, metrics, readiness: createReadiness({ needs }), now });
    const listening = await serve(app, door);
    open.later('requests', () => listening.close(GRACE_MS));
    log.info({ mode: 'passthrough', port: listening.port, fly: config.fly }, 'serving');
    // Beside the serving: a Tigris that is slow or away keeps nobody waiting.
    void tryStorage(config.tigrisBucket, tigris).then((tried) => reportTried(tried, { log, metrics }));
    return { stop: () => open.closeAll() };
  } catch (error) {
    await open.closeAll();
    throw error;
  }
}

/** A list, `*`, or the organization of the app that this is (docs/specs/gateway.md#allowed-organizations). */
function allowedOrganizations({ allowedOrgs, appName }: PassthroughConfig): AllowedOrganizations | undefined {
  if (allowedOrgs !== undefined) return allowedOrgs;
  return appName === undefined ? undefined : { currentApp: appName };
}

/** As long as the organization is not known, every request about an app would be refused. */
function readinessNeeds(
  { allowedOrgs, appName }: PassthroughConfig,
  organizationOf: (app: string) => Promise<string | undefined>,
): Readonly<Record<string, () => Promise<void>>> {
  if (allowedOrgs !== undefined || appName === undefined) return {};
  return {
    'the organization of FLY_APP_NAME is not known': async () => {
      if ((await organizationOf(appName)) === undefined)
        throw new HangarError('not_ready', { detail: `${appName} does not exist` });
    },
  };
}
