import { randomBase36 } from '../ids.ts';
import { isObject, type JsonObject } from '../world/json.ts';
import type { Settings } from '../options.ts';
import { takeOver, type Exchange, type Extension } from '../world/extensions.ts';
import { seededUsers } from '../world/seed.ts';
import { nextNumber, organizationById, type World } from '../world/world.ts';
import type { SimulatedClock } from '../clock.ts';
import { signBody, signQuery, type SignedRequest } from './envelope.ts';
import type { ProviderLine } from './line.ts';

/** A request that changes something is sent again for so long while there is no answer, or one that only says "not now". */
const PATIENCE_SECONDS = 30;
const PAUSE_MS = 250;

/** No answer at all, or a provider that is starting, overloaded or behind a balancer that lost it. Any other answer counts. */
const NOT_NOW: ReadonlySet<number> = new Set([0, 502, 503, 504]);

/** What a customer asks for with `fly ext … create`. */
export interface ProvisionOrder {
  readonly name: string;
  /** Given only to ask again for the same extension. */
  readonly id?: string;
  readonly organizationId?: string;
  readonly userId?: string;
  readonly primaryRegion?: string;
  readonly readRegions?: readonly string[];
  readonly options?: JsonObject;
  /** Further members of the request, as they are. */
  readonly extra?: JsonObject;
}

/** An exchange together with what the provider said. */
export interface Conversation {
  readonly exchange: Exchange;
  readonly extension?: Extension;
  /** The answer's text. */
  readonly answer: string;
  /** The answer read as JSON, undefined when it is something else. */
  readonly json: unknown;
}

/**
 * Fly.io as the caller of the Extensions API (docs/sources.md#extensions-api): everything that it does to a provider.
 */
export interface ExtensionCaller {
  /** `patience`: seconds for which an unanswered change is sent again, 30 when absent, 0 for a single try. */
  provision(order: ProvisionOrder, patience?: number): Promise<Conversation>;
  show(extension: Extension): Promise<Conversation>;
  update(extension: Extension, changes: JsonObject, patience?: number): Promise<Conversation>;
  remove(extension: Extension, patience?: number): Promise<Conversation>;
  /** `GET {base}/billing/charges` for a half-open range of RFC 3339 instants. */
  charges(query: Record<string, string>): Promise<Conversation>;
  /** The very same bytes again, to another base address or with another method if asked. */
  replay(exchange: Exchange, change: { baseUrl?: string; method?: string }): Promise<Conversation>;
  /** The extension with that id: Fly.io's, the provider's, or its name. */
  find(id: string): Extension | undefined;
}

/** Creates the caller. Refusals of the provider are answers, not exceptions. Throws RangeError for people who do not exist. */
export function createExtensionCaller(options: {
  world: World;
  clock: SimulatedClock;
  settings: Settings;
  line: ProviderLine;
}): ExtensionCaller {
  const { world, clock, line } = options;
  const { provider } = options.settings;

  const signing = (): { secret: typeof provider.provisioningSecret; baseUrl: string; nowMs: number } => ({
    secret: provider.provisioningSecret,
    baseUrl: provider.baseUrl,
    nowMs: clock.nowMs(),
  });

  const send = async (kind: string, method: string, request: SignedRequest): Promise<Conversation> => {
    const { answer, ...exchange } = await line.send({ kind, method, ...request });
    return { exchange, answer, json: parsed(answer) };
  };

  // Signed anew each time: a provider that died in the middle may have used up the nonce.
  const insist = async (
    kind: string,
    method: string,
    seconds: number,
    sign: () => SignedRequest,
  ): Promise<Conversation> => {
    const giveUpMs = clock.nowMs() + seconds * 1000;
    for (;;) {
      const talk = await send(kind, method, sign());
      if (!NOT_NOW.has(talk.exchange.status) || clock.nowMs() + PAUSE_MS > giveUpMs) return talk;
      if (!(await clock.sleep(PAUSE_MS))) return talk;
    }
  };

  const place = (extension: Extension): string => `/extensions/${extension.providerId}`;

  const people = (order: ProvisionOrder): JsonObject => {
    const user = world.users.get(order.userId ?? seededUsers[0]?.id ?? '');
    if (!user) throw new RangeError(`there is no user ${order.userId}`);
    const organizationId = order.organizationId ?? [...user.roles.keys()][0] ?? '';
    const organization = organizationById(world, organizationId);
    const role = user.roles.get(organizationId);
    if (!organization || !role)
      throw new RangeError(`user ${user.id} is not in organization ${organizationId}`);
    return {
      organization_id: organization.id,
      organization_name: organization.name,
      user_email: user.email,
      user_id: user.id,
      user_role: role,
    };
  };

  const remember = (
    id: string,
    order: ProvisionOrder,
    who: JsonObject,
    ip: string,
    answer: unknown,
  ): Extension | undefined => {
    if (!isObject(answer) || typeof answer['id'] !== 'string') return undefined;
    const known = world.extensions.get(id);
    const extension: Extension = {
      id,
      providerId: answer['id'],
      name: typeof answer['name'] === 'string' ? answer['name'] : order.name,
      organizationId: String(who['organization_id']),
      userId: String(who['user_id']),
      createdAtMs: known?.createdAtMs ?? clock.nowMs(),
      status: typeof answer['status'] === 'string' ? answer['status'] : 'ready',
      ...(typeof answer['fly_app_name'] === 'string' ? { flyAppName: answer['fly_app_name'] } : {}),
      ipAddress: ip,
      config: textMembers(answer['config']),
      deleted: false,
    };
    world.extensions.set(id, extension);
    return extension;
  };

  return {
    async provision(order, patience = PATIENCE_SECONDS) {
      const who = people(order);
      const id = order.id ?? randomBase36(11);
      const ip = world.extensions.get(id)?.ipAddress ?? `fdaa:0:47fb:0:1::${nextNumber(world).toString(16)}`;
      const message = {
        name: order.name,
        id,
        ...who,
        primary_region: order.primaryRegion,
        ip_address: ip,
        read_regions: order.readRegions,
        options: order.options,
        ...order.extra,
      };
      const talk = await insist('provision', 'POST', patience, () =>
        signBody(signing(), '/extensions', message),
      );
      if (talk.exchange.status < 200 || talk.exchange.status > 299) return talk;
      const extension = remember(id, order, who, ip, talk.json);
      return extension ? { ...talk, extension } : talk;
    },
    async show(extension) {
      const talk = await send('get', 'GET', signQuery(signing(), place(extension)));
      if (isObject(talk.json) && talk.exchange.status === 200) {
        takeOver(extension, talk.json);
        world.extensions.changed(extension.id);
      }
      return { ...talk, extension };
    },
    async update(extension, changes, patience = PATIENCE_SECONDS) {
      // The members of the first request, which a provider takes as long as they are what they were, and then what changes.
      const message = {
        id: extension.id,
        name: extension.name,
        organization_id: extension.organizationId,
        primary_region: extension.primaryRegion,
        ip_address: extension.ipAddress,
        ...changes,
      };
      const talk = await insist('update', 'PATCH', patience, () =>
        signBody(signing(), place(extension), message),
      );
      if (talk.exchange.status < 300 && isObject(talk.json)) {
        takeOver(extension, talk.json);
        extension.config = { ...extension.config, ...textMembers(talk.json['config']) };
        world.extensions.changed(extension.id);
      }
      return { ...talk, extension };
    },
    async remove(extension, patience = PATIENCE_SECONDS) {
      const talk = await insist('delete', 'DELETE', patience, () => signQuery(signing(), place(extension)));
      const { status } = talk.exchange;
      if ((status >= 200 && status < 300) || status === 404) {
        extension.status = status === 202 ? 'deleting' : 'deleted';
        extension.deleted = status !== 202;
        world.extensions.changed(extension.id);
      }
      return { ...talk, extension };
    },
    charges: (query) => send('billing', 'GET', signQuery(signing(), '/billing/charges', query)),
    async replay(exchange, change) {
      const path = exchange.url.slice(exchange.baseUrl.length);
      const { answer, ...again } = await line.send({
        kind: 'replay',
        method: change.method ?? exchange.method,
        path,
        headers: exchange.headers,
        body: exchange.body,
        baseUrl: change.baseUrl ?? exchange.baseUrl,
        replayOf: exchange.id,
      });
      return { exchange: again, answer, json: parsed(answer) };
    },
    find: (id) =>
      world.extensions.get(id) ??
      [...world.extensions.values()].find((one) => one.providerId === id) ??
      [...world.extensions.values()].find((one) => one.name === id),
  };
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return undefined;
  }
}

function textMembers(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
