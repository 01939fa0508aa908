import { createMachinesClient } from '@hangar/flyio';
import { createTigrisClient } from '@hangar/flyio/tigris';
import type { HangarError, Log } from '@hangar/http';
import { Secret } from '@hangar/security';
import { createSimulator, listen, simulatedSecrets, type SimulatorOptions } from '@hangar/simulator';
import { createPassthrough, type PassthroughOptions } from '@hangar/gateway';
import type { Inventory } from './world.ts';

/** A whole user of the operator's organization and of a customer's. */
export const CALLER = 'fo1_callers-own-token';
/** One of another customer alone. */
export const STRANGER = 'fo1_strangers-own-token';

/** What came back. */
export interface PassedReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, never> & {
    readonly error?: string;
    readonly code?: string;
    readonly id?: string;
    readonly state?: string;
    readonly secrets?: readonly { readonly name: string }[];
    readonly config?: Readonly<Record<string, unknown>>;
  };
}

/** How a request is sent; without a token it has none. */
export interface Sent {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The passthrough gateway between real sockets: a caller's and a simulated Fly.io's. */
export async function openPassthrough(
  settings: { gateway?: Partial<PassthroughOptions>; simulator?: SimulatorOptions } = {},
) {
  const simulator = createSimulator({
    delays: { launch: 1, start: 1, stop: 1, suspend: 1, replace: 1, destroy: 1 },
    tokens: [
      { token: Secret.of(simulatedSecrets.operatorToken), organizations: ['operator'] },
      { token: Secret.of(CALLER), organizations: ['operator', 'high-flyers'] },
      { token: Secret.of(STRANGER), organizations: ['low-flyers'] },
    ],
    ...settings.simulator,
  });
  /** Every request that reached the other side, with its headers, oldest first. */
  const seen: { door: string; line: string; headers: Headers }[] = [];
  const open = async (door: 'machines' | 's3' | 'iam') =>
    await listen(
      async (request, context) => {
        const action = door === 'iam' ? new URLSearchParams(await request.clone().text()).get('Action') : '';
        const line = `${request.method} ${context.rawTarget}${action === '' ? '' : ` ${action}`}`;
        seen.push({ door, line, headers: request.headers });
        return await simulator.doors[door].fetch(request, context);
      },
      { port: 0 },
    );
  const [machinesDoor, s3Door, iamDoor] = await Promise.all([open('machines'), open('s3'), open('iam')]);
  const machines = createMachinesClient({
    baseUrl: machinesDoor.url,
    token: () => Secret.of(simulatedSecrets.operatorToken),
  });
  const tigris = createTigrisClient({
    s3Endpoint: s3Door.url,
    iamEndpoint: iamDoor.url,
    accessKeyId: simulatedSecrets.storageKeyId,
    secretAccessKey: Secret.of(simulatedSecrets.storageSecret),
  });
  const errors: HangarError[] = [];
  const logged: string[] = [];
  const note = (fields: object, text: string): void => void logged.push(`${text} ${JSON.stringify(fields)}`);
  const log = { debug: note, info: note, warn: note, error: note } as unknown as Log;
  const options: PassthroughOptions = {
    machinesUrl: machinesDoor.url,
    tigris,
    allowedOrgs: ['operator'],
    organizationOf: async (app) => {
      const found = await machines.getApp(app);
      return found.ok ? found.value.organization?.slug : undefined;
    },
    storageEndpoint: s3Door.url,
    now: () => simulator.clock.now(),
    log,
    ...settings.gateway,
  };
  const passthrough = createPassthrough(options);
  const onError = (error: HangarError): void => void errors.push(error);
  const door = await listen(
    async (request, { rawTarget, requestId, remoteAddress }) =>
      await passthrough.fetch(request, { rawTarget, requestId, remoteAddress, onError }),
    { port: 0 },
  );

  async function ask(
    method: string,
    target: string,
    { token, body, headers }: Sent = {},
  ): Promise<PassedReply> {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${door.url}${target}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
    });
    const answer = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text: answer,
      json: (isJson ? JSON.parse(answer) : undefined) as PassedReply['json'],
    };
  }

  return {
    simulator,
    seen,
    errors,
    logged,
    machines,
    tigris,
    options,
    passthrough,
    url: door.url,
    ask,
    /** The lines that reached Tigris. */
    storageCalls: () => seen.filter(({ door: at }) => at !== 'machines').map(({ line }) => line),
    machineCalls: () => seen.filter(({ door: at }) => at === 'machines').map(({ line }) => line),
    /** Makes an app as the caller, which has to succeed. */
    async createApp(name: string, organization = 'operator'): Promise<PassedReply> {
      const made = await ask('POST', '/v1/apps', {
        token: CALLER,
        body: { app_name: name, org_slug: organization },
      });
      if (made.status !== 201) throw new Error(`no app: ${made.status} ${made.text}`);
      return made;
    },
    async inventory(): Promise<Inventory> {
      const context = { rawTarget: '/_fly/inventory', requestId: 'inventory', remoteAddress: '127.0.0.1' };
      const response = await simulator.doors.api.fetch(
        new Request('http://127.0.0.1/_fly/inventory'),
        context,
      );
      return (await response.json()) as Inventory;
    },
    async close(): Promise<void> {
      await door.close();
      await passthrough.close();
      await machines.close();
      tigris.close();
      await simulator.close();
      await Promise.all([machinesDoor, s3Door, iamDoor].map(async (each) => await each.close()));
    },
  };
}

export type PassthroughWorld = Awaited<ReturnType<typeof openPassthrough>>;
