import type { Task } from '@hangar/contract';
import type { ExtensionStatus } from '@hangar/flyio';
import { HangarError, type RequestContext } from '@hangar/http';
import type { Extension } from './extension.ts';
import { createDeps, type Deps } from './deps.ts';
import { createEventRounds } from './machine-events.ts';
import { deprovision, type DeprovisionAnswer } from './operations/deprovision.ts';
import { createHere, rotate, type OwnOrder } from './operations/own.ts';
import { setStatus } from './operations/status.ts';
import { createWork } from './operations/work.ts';
import { checkOptions, type ProviderOptions } from './options.ts';
import type { Delivery, EndpointState } from './ports.ts';
import { extensionOf } from './record.ts';
import { createRoutes } from './routes.ts';
import type { Config } from './seller.ts';
import { failureResponse } from './wire/signed.ts';
import { createCookies } from './sso/cookies.ts';
import { createLogins, type Logins } from './sso/logins.ts';
import { createSignInStart } from './sso/start.ts';
import { createTasks } from './tasks.ts';
import { openEndpoint } from './webhooks/verdict.ts';
import { createSender } from './webhooks/sender.ts';

/** Extensions, for the pages and the operators of the provider. */
export interface Extensions {
  /** Undefined when it never was or was deleted. */
  get(id: string): Promise<Extension | undefined>;
  /** Living ones, newest first. */
  list(filter: {
    readonly organizationIds?: readonly string[] | undefined;
    readonly limit?: number;
    readonly after?: string | undefined;
  }): Promise<Extension[]>;
  /**
   * Changes the status and announces it in the same transaction, if it is another one.
   * @param detail the sentence for the customer with `error`, the provider's own word otherwise
   * @throws HangarError `not_found`, `state_conflict`
   */
  setStatus(id: string, status: ExtensionStatus, detail?: string): Promise<boolean>;
  /** Makes one at the provider's side and announces it with `resource.created` when it is ready. */
  create(order: OwnOrder): Promise<Extension>;
  /** Removes one at the provider's side and announces it. @throws HangarError `not_found` */
  remove(id: string): Promise<DeprovisionAnswer>;
  /** New credentials. @throws HangarError `not_found`, `conflict`, or the seller's refusal */
  rotate(id: string): Promise<Config>;
  /** Attempts to tell Fly.io, newest first. */
  deliveries(filter: {
    readonly extensionId?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<Delivery[]>;
  /** Sends the webhook of a delivery again: same id, newest snapshot, new signature. False when there is none. */
  redeliver(deliveryId: string): Promise<boolean>;
}

/** The address at Fly.io that webhooks go to. */
export interface Webhooks {
  /** To be called when another process announced something (NOTIFY). */
  wake(): void;
  endpoint(): Promise<EndpointState>;
  backlog(): Promise<{ readonly pending: number; readonly oldest: Date | undefined }>;
  /** Sends again after Fly.io's 410, or before a pause is over. */
  resume(): Promise<void>;
}

/** A provider: answers Fly.io and browsers, and does what is left in tasks. */
export interface Provider {
  fetch(request: Request, door: RequestContext): Promise<Response>;
  readonly tasks: readonly Task[];
  readonly logins: Logins;
  readonly extensions: Extensions;
  readonly webhooks: Webhooks;
  /** Resolves when nothing is under way in this process any more. */
  idle(): Promise<void>;
}

const DEFAULT_PAGE = 100;

/**
 * Makes a provider of Fly.io extensions (docs/sources.md#extensions-api) out of the seller's own code.
 * @throws HangarError `config_invalid` naming every problem at once
 *
 * @example
 * const provider = createProvider({ ...options, seller: { provision, update, deprovision } });
 * const response = await provider.fetch(request, { rawTarget: '/flyio/extensions', requestId: '01K8Z5' });
 */
export function createProvider(options: ProviderOptions): Provider {
  checkOptions(options);
  const deps = createDeps(options, () => sender.wake());
  const sender = createSender(deps);
  const work = createWork(deps);
  const cookies = createCookies(options.cookie.secure);
  const logins = createLogins(cookies, deps);
  const signIn = createSignInStart(cookies, logins, deps);
  const events = createEventRounds(deps);
  const routes = createRoutes({ ...deps, work, cookies, signIn, eventArrived: () => events.wake() });
  const { store } = options;

  return {
    async fetch(request, door) {
      const answer = await dispatch(routes, request, door, deps);
      answer.headers.set('x-request-id', door.requestId);
      answer.headers.set('cache-control', 'no-store');
      return answer;
    },
    tasks: createTasks(work, sender, events, deps),
    logins,
    extensions: {
      async get(id) {
        const extension = await store.extensions.find(id);
        return extension === undefined || extension.status === 'deleted' ? undefined : extensionOf(extension);
      },
      async list({ organizationIds, limit = DEFAULT_PAGE, after }) {
        const records = await store.extensions.list({ limit, organizationIds, after });
        return records.map(extensionOf);
      },
      setStatus: async (id, status, detail) => await setStatus(id, status, detail, deps),
      create: async (order) => await createHere(work, order, deps),
      remove: async (id) => await deprovision(work, id, 'resource.deleted', deps),
      rotate: async (id) => await rotate(work, id, deps),
      deliveries: async ({ extensionId, limit = DEFAULT_PAGE }) =>
        await store.outbox.deliveries({ limit, extensionId }),
      async redeliver(deliveryId) {
        const found = await store.outbox.requeue(deliveryId, deps.now());
        if (found) sender.wake();
        return found;
      },
    },
    webhooks: {
      wake: () => sender.wake(),
      endpoint: async () => await store.outbox.endpoint(),
      backlog: async () => await store.outbox.backlog(),
      async resume() {
        await store.outbox.setEndpoint(openEndpoint);
        sender.wake();
      },
    },
    async idle() {
      await work.idle();
      await events.idle();
      await sender.idle();
    },
  };
}

async function dispatch(
  routes: ReturnType<typeof createRoutes>,
  request: Request,
  door: RequestContext,
  deps: Deps,
): Promise<Response> {
  // An absolute address or a fragment in the request line is no browser's and no Fly.io's.
  if (!door.rawTarget.startsWith('/') || door.rawTarget.includes('#')) {
    return failureResponse(
      new HangarError('bad_request', { detail: 'the request target is not a plain path' }),
      door,
      deps,
    );
  }
  // Hono answers HEAD by running GET, which here has effects: a nonce, a sign-in.
  const asked = request.method === 'HEAD' ? new Request(request.url, { method: 'OPTIONS' }) : request;
  const answer = await routes.fetch(asked, door);
  return request.method === 'HEAD' ? new Response(null, answer) : answer;
}
