import { randomBytes } from 'node:crypto';
import { createMachinesClient, createUpstream, type MachinesClient } from '@hangar/flyio';
import { createTigrisClient, type TigrisClient } from '@hangar/flyio/tigris';
import { type HangarError } from '@hangar/http';
import { createSealer, Secret } from '@hangar/security';
import { createSimulator, listen, simulatedSecrets, type SimulatorOptions } from '@hangar/simulator';
import { createGatewayStore } from '../../store/src/adapters/gateway/gateway.ts';
import {
  createGateway,
  type EnvironmentStore,
  type Gateway,
  type GatewayOptions,
  type Workspace,
} from '@hangar/gateway';
import { openTestDatabase } from '../../../test/harness/database.ts';
import { mintToken, realVerifier } from './verifier.ts';

/** What came back through the gateway's door. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** An object or a list, as the route has it; undefined when the answer had no body. */
  readonly json: Answer & readonly Answer[];
}

/** The members that these tests look at, of any answer. Which of them are there is what the tests say. */
export interface Answer {
  readonly id: string;
  readonly name: string;
  readonly app_name: string;
  readonly code: string;
  readonly caveat: string;
  readonly network: string;
  readonly internal_numeric_id: number;
  readonly value: string;
  readonly region: string;
  readonly config: { readonly metadata?: Readonly<Record<string, string>> };
  readonly data: { readonly nonce: string };
  readonly apps: readonly Answer[];
  readonly environments: readonly Answer[];
  readonly machines: readonly Answer[];
  readonly regions: readonly Answer[];
  readonly rows: readonly Answer[];
  readonly secrets: readonly Answer[];
}

export interface Ask {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly remoteAddress?: string;
}

/** What exists at the simulated Fly.io and Tigris. */
export interface Inventory {
  readonly apps: { name: string; network: string; org_slug: string; internal_numeric_id: number }[];
  readonly machines: { id: string; app: string; state: string }[];
  readonly volumes: { id: string; app: string }[];
  readonly secrets: { app: string; name: string }[];
  readonly ips: { app: string; type: string; network: string }[];
  readonly buckets: { name: string; objects: number }[];
  readonly access_keys: { id: string; name: string; status: string; policies: string[] }[];
  readonly policies: { arn: string; name: string }[];
}

/** A gateway between a caller and a simulated Fly.io, all of it real but the other side. */
export async function openWorld(
  settings: { simulator?: SimulatorOptions; gateway?: Partial<GatewayOptions> } = {},
) {
  const simulator = createSimulator({
    delays: { launch: 1, start: 1, stop: 1, suspend: 1, replace: 1, destroy: 1 },
    ...settings.simulator,
  });
  const seen: string[] = [];
  const doors = await Promise.all(
    [simulator.doors.machines, simulator.doors.s3, simulator.doors.iam, simulator.doors.api].map(
      ({ fetch }) =>
        listen(
          (request, door) => {
            seen.push(`${request.method} ${door.rawTarget}`);
            return fetch(request, door);
          },
          { port: 0 },
        ),
    ),
  );
  const [machinesDoor, s3Door, iamDoor, apiDoor] = doors;
  if (!machinesDoor || !s3Door || !iamDoor || !apiDoor) throw new Error('a door does not listen');
  const database = await openTestDatabase();
  const token = () => Secret.of(simulatedSecrets.operatorToken);
  const machines = createMachinesClient({ baseUrl: machinesDoor.url, token });
  const api = createUpstream({ baseUrl: apiDoor.url, token });
  const storage = { s3Endpoint: s3Door.url, iamEndpoint: iamDoor.url };
  const tigris = createTigrisClient({
    ...storage,
    accessKeyId: simulatedSecrets.storageKeyId,
    secretAccessKey: Secret.of(simulatedSecrets.storageSecret),
  });
  const store = createGatewayStore(database.db);
  const errors: HangarError[] = [];
  const options: GatewayOptions = {
    verifier: realVerifier,
    store,
    machines,
    api,
    tokens: async () => await Promise.reject(new Error('these tests have no door about tokens')),
    tigris,
    sealer: createSealer([Secret.of(`k1:${randomBytes(32).toString('base64')}`)]),
    revokeAppTokens: async () => {},
    prices: undefined,
    installation: 'i1',
    organization: 'operator',
    allowedOrgs: ['operator'],
    storageEndpoint: s3Door.url,
    now: () => simulator.clock.now(),
    ...settings.gateway,
  };
  const gateway = createGateway(options);
  const workspace = await gateway.workspaces.open({ extensionId: 'ext-1', organizationId: '04La2mblTaz' });
  let requests = 0;

  async function ask(
    method: string,
    target: string,
    { token: text, body, headers, remoteAddress }: Ask = {},
    through: Gateway = gateway,
  ): Promise<Reply> {
    const bytes = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const url = new URL('http://gateway.test/');
    const request = new Request(url, {
      method,
      headers: {
        ...(text === undefined ? {} : { authorization: `FlyV1 ${text}` }),
        ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: bytes,
    });
    const door = {
      rawTarget: target,
      remoteAddress,
      requestId: `req-${(requests += 1)}`,
      onError: (error: HangarError) => errors.push(error),
    };
    const response = await through.fetch(request, door);
    const answer = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      json: (answer === '' ? undefined : JSON.parse(answer)) as Reply['json'],
    };
  }

  return {
    simulator,
    /** Every request that reached the other side, oldest first. */
    seen,
    gateway,
    options,
    store,
    database,
    machines,
    tigris,
    storage,
    workspace,
    errors,
    token: mintToken(workspace.number),
    ask,
    /** A second gateway over the same rows, as after a restart or on another host. */
    another: (more: Partial<GatewayOptions> = {}): Gateway => createGateway({ ...options, ...more }),
    openWorkspace: async (extensionId: string): Promise<Workspace> =>
      await gateway.workspaces.open({ extensionId, organizationId: 'zgyep87w1m4q06d4' }),
    async inventory(): Promise<Inventory> {
      const door = { rawTarget: '/_fly/inventory', requestId: 'inventory', remoteAddress: '127.0.0.1' };
      const response = await simulator.doors.api.fetch(new Request('http://127.0.0.1/_fly/inventory'), door);
      return (await response.json()) as Inventory;
    },
    async close() {
      await simulator.close();
      await machines.close();
      await api.close();
      tigris.close();
      await Promise.all(doors.map(async (door) => await door.close()));
      await database.close();
    },
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
export type { EnvironmentStore, MachinesClient, TigrisClient };

/** A machine config that every policy lets through. */
export const plainMachine = {
  region: 'fra',
  config: { image: 'acme/py-env:2026.10', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 } },
};

/** Waits for a machine upstream, through the gateway. */
export async function waitFor(world: World, app: string, machine: string, state: string): Promise<void> {
  const waited = await world.ask(
    'GET',
    `/v1/apps/${app}/machines/${machine}/wait?state=${state}&timeout=10`,
    { token: world.token },
  );
  if (waited.status !== 200) throw new Error(`never ${state}: ${JSON.stringify(waited.json)}`);
}
