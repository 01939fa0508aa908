import { Hono, type Context } from 'hono';
import { DISCHARGE_PATH, dischargeRequest } from '@hangar/flyio';
import { encodeToken } from '@hangar/macaroon';
import {
  callerOf,
  HangarError,
  parseStrictJson,
  readBody,
  type RequestContext,
  type Log,
  answerError,
  onlyAllow,
} from '@hangar/http';
import { sha256Hex, type Sealer } from '@hangar/security';
import type { RateLimiter } from '../http/rate-limiter.ts';
import type { RateLimit } from '../ports.ts';
import type { DischargeRefusal, SigningIssuer } from '../issuer/port.ts';
import type { Identity } from '../ports.ts';
import { createFlowPages } from './flow-pages.ts';
import type { Flows, SecretKind } from './flows.ts';

/** A ticket is some hundred bytes; eight kibibytes is the most a token may carry. */
const MAX_START_BYTES = 16_384;

/** Sign-ins for one ticket from one address: others who share the ticket are counted by themselves. */
const START_RATE: RateLimit = { perMinute: 30, burst: 30 };
/**
 * Sign-ins from one address for all tickets of ours: each keeps a row for minutes, and one token makes many tickets. A
 * whole office behind one address stays below it; whoever has no ticket is counted as a guesser.
 */
const START_FROM_RATE: RateLimit = { perMinute: 300, burst: 300 };
/** Of one flow. A client polls once a second at most. */
const POLL_RATE: RateLimit = { perMinute: 120, burst: 60 };
const PAGE_RATE: RateLimit = { perMinute: 60, burst: 30 };
/** Tickets and secrets that we did not make, from one address: whoever holds a real one is not counted here. */
const GUESS_RATE: RateLimit = { perMinute: 30, burst: 30 };

/** What the discharge door needs. */
export interface DischargeDoorOptions {
  /** Our own location as a third party; its path is where the door is mounted. */
  readonly location: string;
  readonly issuer: Pick<SigningIssuer, 'readTicket' | 'discharge'>;
  readonly sealer: Sealer;
  readonly flows: Flows;
  readonly limiter: RateLimiter;
  readonly identify: (request: Request) => Promise<Identity | undefined>;
  readonly signInUrl: (returnPath: string) => string;
  /** Origins a person may be sent back to after deciding. */
  readonly returnOrigins: readonly string[];
  readonly log: Log;
}

interface DoorEnv {
  Bindings: { door: RequestContext };
}

/**
 * The third party's own HTTP surface (docs/specs/token-format.md#discharge-protocol). Requests come with their whole
 * path.
 */
export function createDischargeDoor(
  options: DischargeDoorOptions,
): (request: Request, door: RequestContext) => Promise<Response> {
  const { location, flows, issuer } = options;
  const base = new URL(location).pathname.replace(/\/$/, '');
  const pages = createFlowPages(options);
  const app = new Hono<DoorEnv>({ strict: false }).basePath(base === '' ? '/' : base);

  const limited = (counter: string, rate: RateLimit): void => {
    const wait = options.limiter.take(counter, rate);
    if (wait !== undefined) throw new HangarError('rate_limited', { retryAfterSeconds: wait });
  };
  const guessed = (door: RequestContext): void =>
    limited(`discharge guess ${callerOf(door.remoteAddress)}`, GUESS_RATE);

  /** The secret of a request, if we made it: counted by itself, because many people share an address. */
  const secretOf = (c: Context<DoorEnv>, kind: SecretKind, rate: RateLimit): string | undefined => {
    const secret = flowOf(c.req.url);
    if (!flows.isOurs(secret, kind)) {
      guessed(c.env.door);
      return undefined;
    }
    limited(`discharge ${kind} ${sha256Hex(secret)}`, rate);
    return secret;
  };

  app.post(DISCHARGE_PATH, async (c) => {
    const { door } = c.env;
    const ticket = await ticketOf(c.req.raw, door);
    if (ticket === undefined) {
      guessed(door);
      throw notOurs();
    }
    const opened = await issuer.readTicket(ticket);
    if (!opened.ok) {
      guessed(door);
      throw dischargeError(opened.reason);
    }
    const from = callerOf(door.remoteAddress);
    limited(`discharge start ${sha256Hex(ticket)} ${from}`, START_RATE);
    limited(`discharge start from ${from}`, START_FROM_RATE);
    if (opened.value.asksForIdentity) {
      const secrets = await flows.start(ticket, door.remoteAddress);
      return answer(201, {
        user_interactive: {
          user_url: `${location}/login?flow=${secrets.userSecret}`,
          poll_url: `${location}/poll?flow=${secrets.pollSecret}`,
        },
      });
    }
    const issued = await issuer.discharge(ticket, undefined);
    if (!issued.ok) throw dischargeError(issued.reason);
    options.log.info(
      { ticket: sha256Hex(ticket).slice(0, 16), from: door.remoteAddress },
      'discharge issued at once',
    );
    return answer(201, { discharge: encodeToken(issued.value) });
  });

  app.get('/poll', async (c) => {
    const secret = secretOf(c, 'poll', POLL_RATE);
    const collected = secret === undefined ? undefined : await flows.collect(secret);
    if (collected === undefined) throw new HangarError('not_found');
    if (collected === 'waiting') return answer(202, { error: 'not ready' }, { 'retry-after': '1' });
    return answer(200, collected);
  });

  app.get('/login', async (c) => {
    return await pages.show(c.req.raw, secretOf(c, 'user', PAGE_RATE));
  });
  app.post('/login', async (c) => {
    return await pages.decide(c.req.raw, c.env.door, secretOf(c, 'user', PAGE_RATE));
  });

  app.all(DISCHARGE_PATH, onlyAllow('POST'));
  app.all('/poll', onlyAllow('GET'));
  app.all('/login', onlyAllow('GET, POST'));
  app.notFound((c) => answerError(new HangarError('not_found'), c.env.door));
  app.onError((thrown, c) => answerError(thrown, c.env.door));

  return async (request, door) => await app.fetch(request, { door });
}

/** The secrets stand in the query, because access logs keep paths and drop queries. */
function flowOf(url: string): string {
  return new URL(url).searchParams.get('flow') ?? '';
}

/** The ticket of a request; undefined for whatever is none. */
async function ticketOf(request: Request, door: RequestContext): Promise<Uint8Array | undefined> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw new HangarError('unsupported_media_type');
  const body = await readBody(request, MAX_START_BYTES, door).catch((error: unknown) => {
    // A ticket too long is a ticket that is not ours, and is told in the same words.
    if (error instanceof HangarError && error.code === 'too_large') return undefined;
    throw error;
  });
  const json = body && parseStrictJson(body);
  const parsed = json?.ok === true ? dischargeRequest.safeParse(json.value) : undefined;
  if (!parsed?.success) return undefined;
  const bytes = Buffer.from(parsed.data.ticket, 'base64');
  return bytes.toString('base64') === parsed.data.ticket ? new Uint8Array(bytes) : undefined;
}

function notOurs(): HangarError {
  return new HangarError('bad_request', {
    public: 'the body is not {"ticket": …} with a ticket of this third party',
  });
}

function dischargeError(reason: DischargeRefusal): HangarError {
  switch (reason.tag) {
    case 'not_ours':
      return notOurs();
    case 'asks_too_much':
      return new HangarError('bad_request', {
        public: 'the ticket asks for something this third party cannot check',
      });
    case 'denied':
      return new HangarError('caveat_denied', { public: reason.sentence });
  }
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
  });
}
