import { randomBytes } from 'node:crypto';
import { createMachinesClient, createUpstream } from '@hangar/flyio';
import { createTigrisClient } from '@hangar/flyio/tigris';
import { createGateway } from '@hangar/gateway';
import type { HangarError } from '@hangar/http';
import { createSealer, Secret } from '@hangar/security';
import {
  createSimulator,
  listen,
  simulatedSecrets,
  type DoorFetch,
  type SimulatorOptions,
} from '@hangar/simulator';
import { createDirectory, createGatewayStore } from '@hangar/store';
import { createGatewayDoor } from '../../apps/hangar/src/http/gateway-door.ts';
import { openAuthority, tokenRows } from '../harness/authority.ts';
import { openTestDatabase } from '../harness/database.ts';
import { askAt, at, watched, type ClientStage, type Passed } from './stage.ts';

/** The customer's organization as flyctl sees it: a workspace of the gateway. */
export const WORKSPACE = 'acme';

/** A gateway with its authority in front of a simulated Fly.io, as the app puts them together. */
export interface GatewayStage extends ClientStage {
  /** A token for that workspace of the stage, which is made where there is none yet. */
  tokenFor(workspace: string, preset: string, app?: string): Promise<string>;
  readonly simulator: ReturnType<typeof createSimulator>;
  readonly authority: ReturnType<typeof openAuthority>;
  readonly now: () => Date;
  /** Every error that was turned into an answer. */
  readonly errors: readonly HangarError[];
}

/** Opens it on free ports: one address would do for flyctl, two tell apart what it asks where. */
export async function openGatewayStage(options: SimulatorOptions = {}): Promise<GatewayStage> {
  const simulator = createSimulator(options);
  const { api: apiDoor, machines: machinesDoor, s3, iam } = simulator.doors;
  const [flyApi, flyMachines, flyS3, flyIam, statusPage] = await Promise.all([
    listen(apiDoor.fetch, { port: 0 }),
    listen(machinesDoor.fetch, { port: 0 }),
    listen(s3.fetch, { port: 0 }),
    listen(iam.fetch, { port: 0 }),
    // The status page is another company's; it says that all is well.
    listen(async () => await Promise.resolve(Response.json({ incidents: [] })), { port: 0 }),
  ]);
  const database = await openTestDatabase();
  const now = () => simulator.clock.now();
  const sealer = createSealer([Secret.of(`m1:${randomBytes(32).toString('base64')}`)]);
  const authority = openAuthority(tokenRows(database), now, {
    sealer,
    directory: createDirectory(database.db),
  });
  const operator = () => Secret.of(simulatedSecrets.operatorToken);
  const machines = createMachinesClient({ baseUrl: flyMachines.url, token: operator });
  const api = createUpstream({ baseUrl: flyApi.url, token: operator });
  const tigris = createTigrisClient({
    s3Endpoint: flyS3.url,
    iamEndpoint: flyIam.url,
    accessKeyId: simulatedSecrets.storageKeyId,
    secretAccessKey: Secret.of(simulatedSecrets.storageSecret),
  });
  const store = createGatewayStore(database.db);
  const gateway = createGateway({
    verifier: authority.verifier,
    tokens: authority.fetch,
    store,
    machines,
    api,
    tigris,
    sealer,
    revokeAppTokens: async () => {},
    prices: undefined,
    installation: 'i1',
    organization: 'operator',
    allowedOrgs: ['operator'],
    storageEndpoint: flyS3.url,
    now,
  });
  const passed: Passed[] = [];
  const both = createGatewayDoor({ gateway, authority });
  const errors: HangarError[] = [];
  const door: DoorFetch = async (request, context) =>
    await both.fetch(request, { ...context, onError: (error) => errors.push(error) });
  const doors = {
    api: await listen(watched('api', door, passed), { port: 0 }),
    machines: await listen(watched('machines', door, passed), { port: 0 }),
  };
  const tokenFor: GatewayStage['tokenFor'] = async (slug, preset, app) => {
    const { number } = await store.openWorkspace({
      slug,
      extensionId: `extension-${slug}`,
      organizationId: '04La2mblTaz',
      createdAt: now(),
    });
    const appId = app === undefined ? undefined : (await store.environmentNamed(app))?.numericId;
    const minted = await authority.tokens.mint({
      workspace: number,
      name: preset,
      preset: preset as 'org',
      creator: 'the stage',
      ...(appId === undefined ? {} : { appId }),
    });
    return minted.token;
  };
  const token = await tokenFor(WORKSPACE, 'org');
  return {
    simulator,
    authority,
    now,
    errors,
    token,
    tokenFor,
    organization: WORKSPACE,
    urls: { api: doors.api.url, machines: doors.machines.url },
    statusPage: statusPage.url,
    take: () => passed.splice(0),
    ask: async (where, method, path, body, by = token) =>
      await askAt(doors[where].url, { method, path, body, token: by }),
    login: async () => await Promise.reject(new Error('nobody logs in at the gateway')),
    async settled() {
      const by = simulatedSecrets.operatorToken;
      const asked = { method: 'GET', path: '/_fly/inventory', token: by };
      const listed = at(await askAt(flyApi.url, asked), 'machines') as { app: string; id: string }[];
      for (const { app, id } of listed) {
        const path = `/v1/apps/${app}/machines/${id}/wait?state=settled&timeout=60`;
        await askAt(flyMachines.url, { method: 'GET', path, token: by });
      }
    },
    async close() {
      await Promise.all(Object.values(doors).map((one) => one.close()));
      await gateway.idle();
      await machines.close();
      await api.close();
      tigris.close();
      await simulator.close();
      await Promise.all([flyApi, flyMachines, flyS3, flyIam, statusPage].map((one) => one.close()));
      await database.close();
    },
  };
}
