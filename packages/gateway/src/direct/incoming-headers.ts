import type { IncomingMessage } from 'node:http';
import type { HeaderReader } from '../request/headers.ts';

/** Headers as node:http has parsed them. A server refuses doubles of those of which only one may be. */
export class IncomingHeaders implements HeaderReader {
  readonly #headers: IncomingMessage['headers'];

  constructor({ headers }: IncomingMessage) {
    this.#headers = headers;
  }

  get(name: string): string | null {
    const value = this.#headers[name];
    if (value === undefined) return null;
    return typeof value === 'string' ? value : value.join(', ');
  }

  has(name: string): boolean {
    return this.#headers[name] !== undefined;
  }
}
