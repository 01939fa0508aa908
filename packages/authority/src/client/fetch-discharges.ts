import { setTimeout as delay } from 'node:timers/promises';
import { decodeToken, missingTickets, trimBlanks, type Macaroon } from '@hangar/macaroon';
import { createConversation, type Answer, type DischargeTransport } from './conversation.ts';
import { addressOnTheWire, answeredUrl, endpointOf, type AllowedPlaces } from './discharge-url.ts';
import { ok, refuse, type Result } from '@hangar/http';

/** Seconds between polls: quick at first, then steady. Jitter of a tenth keeps callers from marching in step. */
const POLL_DELAYS_SECONDS = [1, 2, 4, 8, 10];
const JITTER = 0.1;

/** For the whole conversation when nobody has to be asked. */
const DEADLINE_SECONDS = 30;

/** For the whole conversation when a person has to sign in; flows of our own service live as long. */
const USER_DEADLINE_SECONDS = 600;

/** What a third party gave instead of a discharge. */
export interface DischargeFailure {
  readonly location: string;
  readonly tag:
    | 'location_not_allowed'
    | 'bad_url'
    | 'unreachable'
    | 'redirected_away'
    | 'needs_user'
    | 'refused'
    | 'gone'
    | 'bad_answer'
    | 'foreign_discharge'
    | 'timed_out';
  readonly sentence: string;
}

/** How to get discharges. */
export interface FetchDischargesOptions {
  readonly transport: DischargeTransport;
  /** Where the client may go; everything else is refused before a byte is sent. */
  readonly places: AllowedPlaces;
  /** Exact origin to the Authorization value it gets. */
  readonly credentials?: ReadonlyMap<string, string>;
  /** Shows the address to a person. Absent: flows that need one fail at once, as a service must. */
  readonly onUserUrl?: (url: URL, location: string) => void | Promise<void>;
  /** Ends everything. */
  readonly signal?: AbortSignal;
  /** Waits; for tests with a clock of their own. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Time that never jumps, in milliseconds. */
  readonly monotonicMs?: () => number;
  /** 0 up to, not including, 1. */
  readonly random?: () => number;
}

/** What was obtained, and for which tickets nothing was. */
export interface FetchedDischarges {
  readonly discharges: readonly Macaroon[];
  readonly failures: readonly DischargeFailure[];
}

interface Tools {
  readonly ask: ReturnType<typeof createConversation>;
  readonly options: FetchDischargesOptions;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly monotonicMs: () => number;
  readonly random: () => number;
}

/**
 * Gets a discharge for every ticket that has none (docs/specs/token-format.md#discharge-client). Conversations run
 * side by side, or one after the other when a person may have to sign in, so that the first sign-in helps the rest.
 * Never throws for what third parties do; what succeeded is kept when something else failed.
 */
export async function fetchDischarges(
  tokens: { readonly permission: readonly Macaroon[]; readonly discharges: readonly Macaroon[] },
  options: FetchDischargesOptions,
): Promise<FetchedDischarges> {
  const tools: Tools = {
    ask: createConversation({
      transport: options.transport,
      credentials: options.credentials ?? new Map(),
      originsServedBySimulator: options.places.originsServedBySimulator,
    }),
    options,
    wait: options.wait ?? ((milliseconds, signal) => delay(milliseconds, undefined, { signal })),
    monotonicMs: options.monotonicMs ?? (() => performance.now()),
    random: options.random ?? cryptoRandom,
  };
  const tickets = missingTickets(tokens);
  const outcomes: Result<Macaroon, DischargeFailure>[] = [];
  if (options.onUserUrl) {
    for (const ticket of tickets) outcomes.push(await discharge(ticket, tools));
  } else {
    outcomes.push(...(await Promise.all(tickets.map((ticket) => discharge(ticket, tools)))));
  }
  return {
    discharges: outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : [])),
    failures: outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.reason])),
  };
}

async function discharge(
  { location, ticket }: { location: string; ticket: Uint8Array },
  tools: Tools,
): Promise<Result<Macaroon, DischargeFailure>> {
  const { options } = tools;
  const fail = (tag: DischargeFailure['tag'], sentence: string) => refuse({ location, tag, sentence });
  const endpoint = endpointOf(location, options.places);
  if (!endpoint.ok) return fail(endpoint.reason.tag, `${location} is not a third party this client may ask.`);

  const startedAt = tools.monotonicMs();
  let deadlineMs = DEADLINE_SECONDS * 1000;
  const remaining = (): number => deadlineMs - (tools.monotonicMs() - startedAt);
  const bounded = (): AbortSignal => {
    const timeout = AbortSignal.timeout(Math.max(1, Math.floor(remaining())));
    return options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  };

  const body = JSON.stringify({ ticket: Buffer.from(ticket).toString('base64') });
  const started = await tools.ask('POST', endpoint.value, body, bounded());
  if (!started.ok) return fail(started.reason.tag, `${location} could not be asked.`);
  const settled = settle(started.value, location, ticket);
  if (settled) return settled;
  const interactive = started.value.body?.['user_interactive'];
  const flow = isObject(interactive) ? interactive : (started.value.body ?? {});
  if (isObject(interactive)) {
    if (!options.onUserUrl) return fail('needs_user', `${location} wants a person to sign in.`);
    const user = answeredUrl(textOf(flow['user_url']), location, options.places);
    if (!user.ok) return fail('bad_url', `${location} sent people to an address that is not its own.`);
    deadlineMs = USER_DEADLINE_SECONDS * 1000;
    await options.onUserUrl(addressOnTheWire(user.value, options.places.originsServedBySimulator), location);
  }
  const poll = answeredUrl(textOf(flow['poll_url']), location, options.places);
  if (typeof flow['poll_url'] !== 'string') return fail('bad_answer', `${location} answered nothing usable.`);
  if (!poll.ok) return fail('bad_url', `${location} named a polling address that is not its own.`);

  for (let round = 0; ; round += 1) {
    const polled = await tools.ask('GET', poll.value, undefined, bounded());
    // A poll that fails or finds the service ailing says nothing about the flow: ask again.
    const transient = polled.ok ? polled.value.status >= 500 || polled.value.status === 429 : true;
    if (polled.ok && !transient && polled.value.status !== 202) {
      if (polled.value.status === 404) return fail('gone', `${location} no longer knows this sign-in.`);
      return (
        settle(polled.value, location, ticket) ?? fail('bad_answer', `${location} answered nothing usable.`)
      );
    }
    if (!polled.ok && polled.reason.tag === 'redirected_away') {
      return fail('redirected_away', `${location} redirected to another origin.`);
    }
    const pause = pauseMs(round, polled.ok ? polled.value : undefined, tools.random);
    if (options.signal?.aborted || remaining() <= pause)
      return fail('timed_out', `${location} took too long.`);
    await tools.wait(pause, bounded()).catch(() => undefined);
  }
}

/** What an answer settles: a discharge that fits the ticket, or a refusal. Undefined when it settles nothing. */
function settle(
  answer: Answer,
  location: string,
  ticket: Uint8Array,
): Result<Macaroon, DischargeFailure> | undefined {
  const { body } = answer;
  if (typeof body?.['error'] === 'string') {
    return refuse({ location, tag: 'refused', sentence: `${location} refused: ${printable(body['error'])}` });
  }
  if (body?.['discharge'] === undefined) return undefined;
  const text = typeof body['discharge'] === 'string' ? body['discharge'] : '';
  const decoded = decodeToken(trimBlanks(text));
  if (!decoded.ok)
    return refuse({ location, tag: 'bad_answer', sentence: `${location} sent no readable discharge.` });
  if (Buffer.compare(decoded.value.nonce.keyId, ticket) !== 0) {
    return refuse({
      location,
      tag: 'foreign_discharge',
      sentence: `${location} sent a discharge for another ticket.`,
    });
  }
  return ok(decoded.value);
}

function pauseMs(round: number, answer: Answer | undefined, random: () => number): number {
  const usual = POLL_DELAYS_SECONDS[Math.min(round, POLL_DELAYS_SECONDS.length - 1)] ?? 10;
  const seconds = Math.max(usual, answer?.retryAfterSeconds ?? 0);
  return seconds * 1000 * (1 + JITTER * (2 * random() - 1));
}

/** A stranger's text for a terminal or a page: one line, no control characters, not long. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ').slice(0, 200);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function cryptoRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}
