import { errorTable, HangarError, type ErrorCode, type RequestContext } from '@hangar/http';
import type { Exchange } from '../upstream/exchange.ts';
import { isObject } from '../rules/json.ts';

/** A JSON object of an answer. */
export type Json = Readonly<Record<string, unknown>>;

/** The gateway's own door, and beside it the one about tokens. */
export type OwnDoor = (request: Request, context: RequestContext) => Promise<Response>;

/** What one question may ask the gateway: no command of flyctl asks a tenth of it. */
const MOST_ASKED = 100;
/** Entries that the lists of one answer hold together. */
const MOST_LISTED = 5_000;

/**
 * What clients of api.fly.io ask in their own words is asked again here in the gateway's, with the same token and through the
 * whole pipeline: what a token may not do at `/v1`, it may not do by another name. A read is asked once for one question.
 */
export class Asking {
  readonly #exchange: Exchange;
  readonly #own: OwnDoor;
  readonly #answers = new Map<string, Promise<unknown>>();
  #asked = 0;
  #listed = 0;

  constructor(exchange: Exchange, own: OwnDoor) {
    this.#exchange = exchange;
    this.#own = own;
  }

  get exchange(): Exchange {
    return this.#exchange;
  }

  /** @throws HangarError for what the gateway refuses, in the words that its own surface has for it */
  async get(target: string): Promise<Json> {
    const known = this.#answers.get(target) ?? this.#ask('GET', target, undefined);
    this.#answers.set(target, known);
    return objectOf(await known);
  }

  /** The same for an answer that is a list. */
  async getList(target: string): Promise<readonly Json[]> {
    const known = this.#answers.get(target) ?? this.#ask('GET', target, undefined);
    this.#answers.set(target, known);
    return this.list(await known);
  }

  /** Asks for a change; what was read before it is read again after it. */
  async change(method: 'POST' | 'PATCH' | 'DELETE', target: string, json?: unknown): Promise<Json> {
    this.#answers.clear();
    const answer = await this.#ask(method, target, json);
    this.#answers.clear();
    return objectOf(answer ?? {});
  }

  /** The entries of a list, counted against the limit of one answer. */
  list(value: unknown): readonly Json[] {
    const entries = Array.isArray(value) ? value.filter(isObject) : [];
    this.#listed += entries.length;
    if (this.#listed > MOST_LISTED)
      throw new HangarError('invalid', {
        public: `the answer would list more than ${MOST_LISTED} things`,
      });
    return entries;
  }

  async #ask(method: string, target: string, json: unknown): Promise<unknown> {
    this.#asked += 1;
    if (this.#asked > MOST_ASKED)
      throw new HangarError('invalid', {
        public: `one question asks for more than ${MOST_ASKED} things`,
      });
    const { whole } = this.#exchange;
    const request = new Request(`http://gateway.internal${target}`, {
      method,
      headers: {
        authorization: whole.headers.get('authorization') ?? '',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      signal: whole.signal,
      body: json === undefined ? null : JSON.stringify(json),
    });
    const answer = await this.#own(request, { ...whole.door, rawTarget: target });
    const text = await answer.text();
    if (answer.status < 400) return text === '' ? undefined : (JSON.parse(text) as unknown);
    throw refusalIn(answer.status, text);
  }
}

function refusalIn(status: number, text: string): HangarError {
  const body: unknown = text === '' ? {} : JSON.parse(text);
  const { error, code } = isObject(body) ? body : {};
  return new HangarError(isErrorCode(code) ? code : 'internal', {
    status,
    ...(typeof error === 'string' ? { public: error } : {}),
  });
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorTable, code);
}

function objectOf(value: unknown): Json {
  if (isObject(value)) return value;
  throw new HangarError('internal', { detail: 'an answer of our own is no object' });
}

const SEGMENT = /^[A-Za-z0-9_~-][A-Za-z0-9._~:-]*$/;

/** A path from words of ours and values of a client's. A value that no path can hold names nothing. */
export function pathTo(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return parts.reduce((path, part, index) => {
    const value = String(values[index - 1]);
    if (!SEGMENT.test(value)) throw new HangarError('not_found');
    return `${path}${value}${part}`;
  });
}
