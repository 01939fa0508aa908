import type { Task } from '@hangar/contract';
import { readFileSync } from 'node:fs';
import { createAuthority, type LeakReporters, readLeakReporters } from '@hangar/authority';
import type { FlyUrls } from '@hangar/flyio';
import { type AllowedOrganizations, createGateway } from '@hangar/gateway';
import { createProvider, type Provider } from '@hangar/provider';
import { type Clock, HangarError, type Log } from '@hangar/http';
import { createSealer } from '@hangar/security';
import type { Outgoing } from '@hangar/security/outgoing';
import {
  createDashboardReads,
  createDirectory,
  createFlowStore,
  createRateStore,
  createGatewayStore,
  createProviderStore,
  installationId,
  OUTBOX_CHANNEL,
  readBacklog,
  type Store,
  workspacesOf,
} from '@hangar/store';
import type { Config } from '../config.ts';
import { reportCredentials } from './credentials.ts';
import { createDashboard } from '../dashboard/dashboard.ts';
import { appTokensEnd, ENVIRONMENTS_CONFIG_KEYS, environmentsSeller } from './environments-seller.ts';
import { createGatewayDoor } from '../http/gateway-door.ts';
import { createMainDoor } from '../http/main-door.ts';
import { buildTokenCrypto, reachIssuer, tokenLocations } from './issuer.ts';
import type { Metrics } from '../http/metrics.ts';
import { operatorClients } from './operator-clients.ts';
import { pageFolder } from '../http/page-folder.ts';
import { createReadiness } from '../http/readiness.ts';
import { routeAccess } from './route-access.ts';
import type { Fetcher } from '../http/server.ts';
import { environmentsPrices, environmentsUsage } from './usage.ts';

/** What the composition is given. */
export interface HangarParts {
  readonly config: Config;
  readonly store: Store;
  readonly outgoing: Outgoing;
  readonly urls: FlyUrls;
  readonly now: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Hangar, put together: two doors and the work in the background. */
export interface Hangar {
  readonly main: Fetcher;
  readonly gateway: Fetcher;
  readonly tasks: readonly Task[];
  /** Tries the operator's credentials, and reports what is refused. */
  reportCredentials(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The only place where capabilities meet. Each gets its ports; none knows another.
 *
 * @throws HangarError `config_invalid` when the master keys do not open this database.
 */
export async function composeHangar(parts: HangarParts): Promise<Hangar> {
  const { config, store, outgoing, urls, now, log } = parts;
  const sealer = createSealer(config.masterKeys);
  const tokenCrypto = buildTokenCrypto(config.tokenEngine, log);
  const { issuer, ...apart } = await reachIssuer(config.authoritySockets, {
    publicUrl: config.publicUrl,
    store,
    sealer,
    limits: config.mintLimits,
    tokenCrypto,
    now,
    log,
  });
  const environmentStore = createGatewayStore(store.db);
  const { credential, machines, api, tigris, oauth } = await operatorClients({
    config,
    urls,
    outgoing,
    now,
    log,
  });

  // Sign-in belongs to the provider, which is made last; the others ask for it when a request comes.
  let provider: Provider | undefined;
  const signedIn = (): Provider['logins'] => {
    if (provider === undefined) throw new Error('asked who is signed in before the composition was complete');
    return provider.logins;
  };

  const authority = createAuthority({
    ...tokenLocations(config.publicUrl),
    issuer,
    flows: createFlowStore(store.db),
    rates: createRateStore(store.db),
    sealer,
    identify: async (request) => {
      const login = await signedIn().identify(request);
      if (login === undefined) return undefined;
      const organizations = login.memberships.map((membership) => membership.organizationId);
      return {
        userId: login.userId,
        workspaces: await workspacesOf(store.db, organizations),
        email: login.email,
      };
    },
    signInUrl: (returnPath) => signedIn().startUrl(returnPath),
    directory: createDirectory(store.db),
    routeAccess: routeAccess(environmentStore, now),
    leakReporters: config.leakKeysFile === undefined ? undefined : leakReporters(config.leakKeysFile),
    tokenCrypto,
    now,
    log,
  });
  const gateway = createGateway({
    verifier: authority.verifier,
    store: environmentStore,
    machines,
    api,
    tokens: async (request, context) => await authority.fetch(request, context),
    tigris,
    sealer,
    revokeAppTokens: appTokensEnd(authority),
    installation: await installationId(store.db, now),
    organization: config.flyOrg,
    allowedOrgs: allowedOrganizations(config),
    storageEndpoint: urls.s3,
    prices: environmentsPrices,
    policy: config.policy.policy,
    profile: config.machineProfile,
    auditDays: config.auditDays,
    now,
    log,
  });
  provider = createProvider({
    publicBaseUrl: `${config.publicUrl}/flyio`,
    providerSlug: config.providerSlug,
    provisioningSecrets: config.provisioningSecrets,
    webhookSecret: config.webhookSecret,
    webhookUrl: urls.webhooks(config.providerSlug),
    oauth,
    store: createProviderStore(store.db),
    sealer,
    outgoing,
    configKeys: ENVIRONMENTS_CONFIG_KEYS,
    seller: environmentsSeller({ gateway, authority, gatewayUrl: config.gatewayUrl }),
    landing: (extensionId) => `/extensions/${extensionId}`,
    returnPaths: ['/', '/extensions/', '/tokens', '/discharge/'],
    cookie: { secure: config.publicUrl.startsWith('https:') },
    deleteGraceMs: config.deleteGraceMs,
    now,
    log,
  });
  const { webhooks, extensions, logins } = provider;
  const stopListening = await store.listen(OUTBOX_CHANNEL, () => webhooks.wake());
  const dashboard = createDashboard({
    reads: createDashboardReads(store.db),
    tokens: authority.tokens,
    actions: {
      redeliver: async ({ attemptId }) => await extensions.redeliver(attemptId),
    },
    logins,
    usage: environmentsUsage(gateway),
    assetsDir: pageFolder,
    publicUrl: config.publicUrl,
    product: { name: 'Hangar', command: `fly ext ${config.providerSlug} dashboard -a <your app>` },
    now,
    log,
  });
  const { metrics } = parts;
  metrics.watch(async () =>
    (await readBacklog(store.db)).map(({ queue, waiting, since }) => ({
      queue,
      waiting,
      oldestSeconds: since === undefined ? 0 : Math.max(0, (now().getTime() - since.getTime()) / 1000),
    })),
  );
  return {
    main: createMainDoor({
      provider,
      discharge: authority.discharge,
      dashboard,
      metrics,
      engine: store.engine,
      readiness: createReadiness({
        needs: {
          'the database cannot be written': () => store.tryWrite(),
          'revocations cannot be read': () => authority.ready(),
        },
      }),
      now,
    }),
    gateway: createGatewayDoor({ gateway, authority }),
    tasks: [...provider.tasks, ...gateway.tasks, ...authority.tasks, ...apart.tasks, ...credential.tasks],
    reportCredentials: async () =>
      await reportCredentials({ machines, tigris, oauth, organization: config.flyOrg }, { log, metrics }),
    close: async () => {
      await stopListening();
      await gateway.idle();
      await provider?.idle();
      await machines.close();
      await api.close();
      tigris.close();
      await apart.close();
    },
  };
}

function leakReporters(file: string): LeakReporters {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HangarError('config_invalid', {
      public: `HANGAR_LEAK_KEYS_FILE cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}).`,
      cause,
    });
  }
  return readLeakReporters(text);
}

/**
 * A list, `*`, or the organization of the app that Hangar runs as; nothing configured allows nothing
 * (docs/specs/gateway.md#allowed-organizations).
 */
function allowedOrganizations(config: Config): AllowedOrganizations | undefined {
  if (config.allowedOrgs !== undefined) return config.allowedOrgs;
  return config.appName === undefined ? undefined : { currentApp: config.appName };
}
