import { errorTable, HangarError, type ErrorCode, type RequestContext } from '@hangar/http';
import type { Exchange } from '../upstream/exchange.ts';
import { isObject } from '../rules/json.ts';
import { brokenOff, notJson, parseJson } from '../upstream/send.ts';

/** A JSON object of an answer. */
export type Json = Readonly<Record<string, unknown>>;

/** The gateway's own door, and beside it the one about tokens. */
export type OwnDoor = (request: Request, context: RequestContext) => Promise<Response>;

/** What one question may ask the gateway: no command of flyctl asks a tenth of it. */
const MOST_ASKED = 100;
/** Entries that the lists of one answer hold together, where few fields are asked of each. */
const MOST_LISTED = 5_000;
/** Fields that one answer holds: each that a document selects, once more for each entry of a list. */
const MOST_TOLD = 500_000;
/** What is read for one question, all answers together: 16 MiB. */
const MOST_BYTES = 16_777_216;

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
  #bytes = 0;
  #mostListed = MOST_LISTED;

  constructor(exchange: Exchange, own: OwnDoor) {
    this.#exchange = exchange;
    this.#own = own;
  }

  get exchange(): Exchange {
    return this.#exchange;
  }

  /** Says how many fields are asked for, so that lists are as short as it takes to tell them all. */
  expect(fields: number): void {
    this.#mostListed = Math.min(MOST_LISTED, Math.floor(MOST_TOLD / Math.max(fields, 1)));
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
    return this.listAny(value).filter(isObject);
  }

  /** The same for a list of anything. */
  listAny(value: unknown): readonly unknown[] {
    const entries: readonly unknown[] = Array.isArray(value) ? value : [];
    this.#listed += entries.length;
    if (this.#listed > this.#mostListed)
      throw new HangarError('invalid', {
        public: `the answer would list more than ${this.#mostListed} things`,
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
    // What breaks off is told as an error in this answer, whose connection is whole.
    const answer = await this.#own(request, { ...whole.door, rawTarget: target, cut: undefined });
    const bytes = await this.#read(answer, method === 'GET');
    const told = bytes.byteLength === 0 ? undefined : parseJson(bytes);
    if (answer.status >= 400) throw refusalIn(answer.status, told);
    if (told === undefined && bytes.byteLength > 0) throw notJson(answer.status, method === 'GET');
    return told;
  }

  async #read({ body }: Response, repeatable: boolean): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    try {
      for await (const part of body ?? []) {
        this.#bytes += part.byteLength;
        if (this.#bytes > MOST_BYTES)
          throw new HangarError('invalid', {
            public: `one question asks for more than ${MOST_BYTES} bytes`,
          });
        parts.push(part);
      }
    } catch (error) {
      throw error instanceof HangarError ? error : brokenOff({ repeatable }, error);
    }
    return Buffer.concat(parts);
  }
}

function refusalIn(status: number, body: unknown): HangarError {
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
