import type { Result } from '@hangar/http';
import type { Secret } from '@hangar/security';
import type { Dispatcher } from '@hangar/security/outgoing';
import { z } from 'zod';
import {
  appList,
  appWire,
  createdApp,
  ipList,
  ipWire,
  machineList,
  machineWire,
  secretsResponse,
  volumeWire,
  type AppWire,
  type CreateAppRequest,
  type CreatedApp,
  type CreateMachineRequest,
  type IpRequest,
  type IpWire,
  type MachineWire,
  type SecretsResponse,
  type VolumeWire,
} from '../wire/machines.ts';
import { currentTokens, type CurrentTokens } from '../wire/tokens.ts';
import { callJson, type JsonCall } from './json-call.ts';
import { createUpstream, type Upstream } from './upstream.ts';
import type { UpstreamReason } from './upstream-failure.ts';

/** Options of {@link createMachinesClient}. */
export interface MachinesClientOptions {
  /** `https://api.machines.dev`, `http://_api.internal:4280`, or the simulator's. */
  readonly baseUrl: string;
  /**
   * Asked at every call, so that a rotated token is taken up at once. A HangarError means that there is none now. Undefined
   * where the socket itself is the credential, as inside of a machine.
   */
  readonly token: (() => Secret | Promise<Secret>) | undefined;
  /** A pool to share; default one of its own. */
  readonly pool?: Dispatcher;
}

type Answer<T> = Promise<Result<T, UpstreamReason>>;

/** What every call may bring along. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The nonce of a lease on the machine, for calls that change it. */
  readonly leaseNonce?: string;
}

/**
 * The Machines API, one method per call. Each call is sent exactly once: repeating is for those who know
 * whether their write can be repeated. No call throws for what the network or the API says; the verdict is
 * the value.
 */
export interface MachinesClient extends Upstream {
  listApps(organizationSlug: string, options?: CallOptions): Answer<readonly AppWire[]>;
  getApp(app: string, options?: CallOptions): Answer<AppWire>;
  createApp(request: CreateAppRequest, options?: CallOptions): Answer<CreatedApp>;
  /** Its machines, volumes, secrets and addresses go with it. */
  deleteApp(app: string, options?: CallOptions): Answer<void>;

  listMachines(
    app: string,
    query?: { readonly includeDeleted?: boolean; readonly metadata?: Readonly<Record<string, string>> },
    options?: CallOptions,
  ): Answer<readonly MachineWire[]>;
  getMachine(app: string, machine: string, options?: CallOptions): Answer<MachineWire>;
  createMachine(app: string, request: CreateMachineRequest, options?: CallOptions): Answer<MachineWire>;
  /** Replaces the whole config. */
  updateMachine(
    app: string,
    machine: string,
    request: CreateMachineRequest,
    options?: CallOptions,
  ): Answer<MachineWire>;
  /** `force` also deletes a running machine. */
  deleteMachine(
    app: string,
    machine: string,
    options?: CallOptions & { readonly force?: boolean },
  ): Answer<void>;
  startMachine(app: string, machine: string, options?: CallOptions): Answer<void>;
  stopMachine(app: string, machine: string, options?: CallOptions): Answer<void>;
  suspendMachine(app: string, machine: string, options?: CallOptions): Answer<void>;
  /** Waits until the machine is in the state; the API allows at most 60 seconds. */
  waitForMachine(
    app: string,
    machine: string,
    wanted: { readonly state: string; readonly timeoutSeconds?: number; readonly instanceId?: string },
    options?: CallOptions,
  ): Answer<void>;

  /** Sets what has a value and removes what has null. */
  setSecrets(
    app: string,
    values: Readonly<Record<string, string | null>>,
    options?: CallOptions,
  ): Answer<SecretsResponse>;
  /** Names and digests; values can't be read. */
  listSecrets(app: string, options?: CallOptions): Answer<SecretsResponse>;

  allocateIp(app: string, request: IpRequest, options?: CallOptions): Answer<IpWire>;
  listIps(app: string, options?: CallOptions): Answer<readonly IpWire[]>;
  releaseIp(app: string, ip: string, options?: CallOptions): Answer<void>;

  listVolumes(app: string, options?: CallOptions): Answer<readonly VolumeWire[]>;
  /** What the token in use is good for. */
  currentTokens(options?: CallOptions): Answer<CurrentTokens>;
}

/** The API answers `wait` within this; the socket waits a little longer. */
const MAX_WAIT_SECONDS = 60;
const WAIT_SLACK_MS = 5000;

/**
 * Makes the client. Keep one per process: it holds the sockets.
 *
 * @example
 * const machines = createMachinesClient({ baseUrl: 'https://api.machines.dev', token: () => operatorToken });
 */
export function createMachinesClient(options: MachinesClientOptions): MachinesClient {
  const upstream = createUpstream(options);

  function call<T>(request: JsonCall, schema: z.ZodType<T> | undefined, extra: CallOptions = {}): Answer<T> {
    const headers = { ...request.headers };
    if (extra.leaseNonce !== undefined) headers['fly-machine-lease-nonce'] = extra.leaseNonce;
    return callJson(upstream, { ...request, headers, signal: extra.signal }, schema);
  }
  const act = (
    app: string,
    machine: string,
    verb: string,
    extra?: CallOptions,
    body?: unknown,
  ): Answer<void> =>
    call(
      {
        method: 'POST',
        path: `${machinePath(app, machine)}/${verb}`,
        body,
      },
      undefined,
      extra,
    );

  return {
    send: (request) => upstream.send(request),
    dispatch: (request, handler) => upstream.dispatch(request, handler),
    close: () => upstream.close(),

    async listApps(organizationSlug, extra) {
      const list = await call(
        { method: 'GET', path: '/v1/apps', query: { org_slug: organizationSlug } },
        appList,
        extra,
      );
      return list.ok ? { ok: true, value: list.value.apps } : list;
    },
    getApp: (app, extra) => call({ method: 'GET', path: appPath(app) }, appWire, extra),
    createApp: (request, extra) =>
      call({ method: 'POST', path: '/v1/apps', body: request }, createdApp, extra),
    deleteApp: (app, extra) => call({ method: 'DELETE', path: appPath(app) }, undefined, extra),

    listMachines(app, query = {}, extra) {
      const metadata = Object.entries(query.metadata ?? {}).map(([key, value]) => [`metadata.${key}`, value]);
      const deleted = query.includeDeleted ? { include_deleted: true } : {};
      return call(
        {
          method: 'GET',
          path: `${appPath(app)}/machines`,
          query: { ...deleted, ...Object.fromEntries(metadata) },
        },
        machineList,
        extra,
      );
    },
    getMachine: (app, machine, extra) =>
      call({ method: 'GET', path: machinePath(app, machine) }, machineWire, extra),
    createMachine: (app, request, extra) =>
      call({ method: 'POST', path: `${appPath(app)}/machines`, body: request }, machineWire, extra),
    updateMachine: (app, machine, request, extra) =>
      call({ method: 'POST', path: machinePath(app, machine), body: request }, machineWire, extra),
    deleteMachine: (app, machine, extra = {}) =>
      call(
        { method: 'DELETE', path: machinePath(app, machine), query: extra.force ? { force: true } : {} },
        undefined,
        extra,
      ),
    startMachine: (app, machine, extra) => act(app, machine, 'start', extra),
    stopMachine: (app, machine, extra) => act(app, machine, 'stop', extra, {}),
    suspendMachine: (app, machine, extra) => act(app, machine, 'suspend', extra),
    waitForMachine(app, machine, wanted, extra) {
      const timeout = Math.min(wanted.timeoutSeconds ?? MAX_WAIT_SECONDS, MAX_WAIT_SECONDS);
      return call(
        {
          method: 'GET',
          path: `${machinePath(app, machine)}/wait`,
          query: { state: wanted.state, timeout, instance_id: wanted.instanceId },
          timeoutMs: timeout * 1000 + WAIT_SLACK_MS,
        },
        undefined,
        extra,
      );
    },

    setSecrets: (app, values, extra) =>
      call({ method: 'POST', path: `${appPath(app)}/secrets`, body: { values } }, secretsResponse, extra),
    listSecrets: (app, extra) =>
      call({ method: 'GET', path: `${appPath(app)}/secrets` }, secretsResponse, extra),

    allocateIp: (app, request, extra) =>
      call({ method: 'POST', path: `${appPath(app)}/ip_assignments`, body: request }, ipWire, extra),
    async listIps(app, extra) {
      const list = await call({ method: 'GET', path: `${appPath(app)}/ip_assignments` }, ipList, extra);
      return list.ok ? { ok: true, value: list.value.ips } : list;
    },
    releaseIp: (app, ip, extra) =>
      call({ method: 'DELETE', path: `${appPath(app)}/ip_assignments/${segment(ip)}` }, undefined, extra),

    listVolumes: (app, extra) =>
      call({ method: 'GET', path: `${appPath(app)}/volumes` }, z.array(volumeWire), extra),
    currentTokens: (extra) => call({ method: 'GET', path: '/v1/tokens/current' }, currentTokens, extra),
  };
}

function appPath(app: string): string {
  return `/v1/apps/${segment(app)}`;
}

function machinePath(app: string, machine: string): string {
  return `${appPath(app)}/machines/${segment(machine)}`;
}

// encodeURIComponent leaves `..` alone, and a server would climb by it.
function segment(text: string): string {
  if (text === '' || /^\.+$/.test(text)) throw new RangeError('not a name that fits into a path');
  return encodeURIComponent(text);
}
