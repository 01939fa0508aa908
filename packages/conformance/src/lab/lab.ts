import type { Secret } from '@hangar/security';
import type { Twin } from '../twin/twin.ts';
import { CaseSkipped, claimMade, type Made } from './claims.ts';
import { exchangeOf, isObject, type Exchange } from './exchange.ts';
import type { Line } from './line.ts';
import {
  composeBody,
  composeQuery,
  targetOf,
  type Change,
  type Composed,
  type Members,
  type Outgoing,
  type Signing,
} from './order.ts';
import type { Trigger } from './trigger.ts';
import { createStories, type Person, type Stories } from './stories.ts';

/** What the cases work with. */
export interface Lab extends Signing, Stories {
  readonly line: Line;
  /** Another secret that the provider takes as well. */
  readonly secondSecret: Secret | undefined;
  readonly webhookSecret: Secret | undefined;
  /** Fly.io as the provider sees it, when the provider was pointed at it. @throws CaseSkipped */
  twin(): Twin;
  /** The provider's own side. @throws CaseSkipped */
  trigger(): Trigger;
  /** Who asks for resources, unless a case says otherwise. */
  readonly person: Person;
  readonly pause: (ms: number) => Promise<void>;
  readonly elapsed: () => number;
  /** Every exchange of this run, oldest first. */
  readonly exchanges: readonly Exchange[];
  /** The values of every `config` that was handed out; never to be shown. */
  readonly handedOut: ReadonlySet<string>;
  /** Sends a request that nobody signed. `host` replaces the header of that name. */
  send(outgoing: Partial<Outgoing> & { readonly target: string }, host?: string): Promise<Exchange>;
  post(members: Members, change?: Change): Promise<Exchange>;
  patch(id: string, members: Members, change?: Change): Promise<Exchange>;
  get(id: string, change?: Change): Promise<Exchange>;
  remove(id: string, change?: Change): Promise<Exchange>;
  /** A signed GET of any path below the base address. */
  read(path: string, members?: Members, change?: Change): Promise<Exchange>;
  /** A POST to `/extensions/events`. */
  event(
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>>,
    signature?: string | null,
  ): Promise<Exchange>;
  /** The same bytes once more. */
  again(exchange: Exchange, change?: Partial<Outgoing>): Promise<Exchange>;
  /** What is sent, before it is sent. */
  compose(method: 'GET' | 'DELETE', path: string, members?: Members, change?: Change): Composed;
  deliver(composed: Composed, host?: string): Promise<Exchange>;
  /** A resource that several cases look at and none changes. */
  shared(): Promise<Made>;
  /** What is done once in a run, for every case that wants it. A failure is not kept. */
  once<T>(name: string, make: () => Promise<T>): Promise<T>;
  /** A resource of its own for one case. */
  made(members?: Members): Promise<Made>;
  /** Ids of the provider's that were made in this run, with whether they were deleted again. */
  readonly resources: ReadonlyMap<string, boolean>;
}

/** What a lab is set up with. */
export interface LabOptions extends Signing {
  readonly line: Line;
  readonly run: string;
  readonly pause: (ms: number) => Promise<void>;
  readonly elapsed: () => number;
  readonly secondSecret?: Secret | undefined;
  readonly webhookSecret?: Secret | undefined;
  readonly twin?: Twin | undefined;
  readonly trigger?: Trigger | undefined;
}

/** More are forgotten: what is kept is looked through by the general cases. */
const KEPT_EXCHANGES = 5_000;

/** Opens a lab. It holds the run's memory: what was made, what was handed out, what was said. */
export function createLab(options: LabOptions): Lab {
  const exchanges: Exchange[] = [];
  const handedOut = new Set<string>();
  const resources = new Map<string, boolean>();
  const done = new Map<string, Promise<unknown>>();
  const { line } = options;

  const deliver = async (composed: Composed, host?: string): Promise<Exchange> => {
    const exchange = exchangeOf(composed, await line.send(composed.outgoing, host));
    exchanges.push(exchange);
    if (exchanges.length > KEPT_EXCHANGES) exchanges.shift();
    remember(exchange);
    return exchange;
  };

  const remember = (exchange: Exchange): void => {
    const { id, config } = exchange.json;
    if (isObject(config))
      for (const value of Object.values(config)) if (typeof value === 'string') handedOut.add(value);
    const { method, target } = exchange.outgoing;
    const made = method === 'POST' && target === targetOf('/extensions', options);
    if (made && exchange.status >= 200 && exchange.status < 300 && typeof id === 'string')
      resources.set(id, false);
  };

  const stories = createStories(options.run, options.twin?.people.admin);
  const lab: Lab = {
    ...options,
    ...stories,
    secondSecret: options.secondSecret,
    webhookSecret: options.webhookSecret,
    exchanges,
    handedOut,
    resources,
    twin: () => options.twin ?? skip('the tester does not play Fly.io; --twin says how'),
    trigger: () =>
      options.trigger ?? skip('nobody told how to change something at the provider; --trigger says how'),
    deliver,
    send: async (outgoing, host) =>
      await deliver(
        { outgoing: { method: 'GET', headers: [], body: new Uint8Array(), ...outgoing }, fresh: undefined },
        host,
      ),
    post: async (members, change = {}) =>
      await deliver(composeBody('POST', '/extensions', members, change, options)),
    patch: async (id, members, change = {}) =>
      await deliver(composeBody('PATCH', `/extensions/${id}`, members, change, options)),
    get: async (id, change = {}) =>
      await deliver(composeQuery('GET', `/extensions/${id}`, {}, change, options)),
    remove: async (id, change = {}) => {
      const gone = await deliver(composeQuery('DELETE', `/extensions/${id}`, {}, change, options));
      if (gone.status >= 200 && gone.status < 300) resources.set(id, true);
      return gone;
    },
    read: async (path, members = {}, change = {}) =>
      await deliver(composeQuery('GET', path, members, change, options)),
    event: async (body, headers, signature) => await deliver(eventOf(body, headers, signature, options)),
    again: async (exchange, change = {}) =>
      await deliver({ outgoing: { ...exchange.outgoing, ...change }, fresh: undefined }),
    compose: (method, path, members = {}, change = {}) =>
      composeQuery(method, path, members, change, options),
    made: async (members = {}) => claimMade(await lab.post({ ...lab.order(), ...members })),
    shared: async () => await lab.once('shared', async () => await lab.made()),
    once: async <T>(name: string, make: () => Promise<T>): Promise<T> => {
      const known = done.get(name) as Promise<T> | undefined;
      if (known !== undefined) return await known;
      const made = make();
      done.set(name, made);
      // The next case tries for itself, and shows its own exchange.
      made.catch(() => done.delete(name));
      return await made;
    },
  };
  return lab;
}

/** Ends a case that says nothing here. @throws CaseSkipped */
export function skip(sentence: string): never {
  throw new CaseSkipped(sentence);
}

function eventOf(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
  signature: string | null | undefined,
  signing: Signing,
): Composed {
  const signed = composeBody(
    'POST',
    '/extensions/events',
    {},
    {
      write: () => body,
      carried:
        signature === undefined ? undefined : () => (signature === null ? [] : [['x-signature', signature]]),
      headers: Object.entries(headers),
    },
    signing,
  );
  return { ...signed, fresh: undefined };
}
