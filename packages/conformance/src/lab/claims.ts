import { isObject, type Exchange } from './exchange.ts';

/** A case that does not hold, with the exchange that shows it. */
export class CaseFailed extends Error {
  override readonly name = 'CaseFailed';
  readonly exchange: Exchange | undefined;

  constructor(sentence: string, exchange?: Exchange) {
    super(sentence);
    this.exchange = exchange;
  }
}

/** A case that says nothing about this provider, and why. */
export class CaseSkipped extends Error {
  override readonly name = 'CaseSkipped';
}

/** Fails the case unless `holds`. The sentence says what was seen. */
export function claim(holds: boolean, sentence: string, exchange?: Exchange): asserts holds {
  if (!holds) throw new CaseFailed(sentence, exchange);
}

/** The statuses that a case allows. */
export function claimStatus(exchange: Exchange, ...allowed: readonly number[]): void {
  claim(
    allowed.includes(exchange.status),
    `expected ${allowed.join(' or ')}, got ${seen(exchange)}`,
    exchange,
  );
}

/** An answer at all, and no failure of the provider's. */
export function claimNoFailure(exchange: Exchange): void {
  claim(exchange.status > 0 && exchange.status < 500, `expected no failure, got ${seen(exchange)}`, exchange);
}

/** A refusal: 400 to 499. */
export function claimRefused(exchange: Exchange): void {
  claim(
    exchange.status >= 400 && exchange.status < 500,
    `expected a refusal (4xx), got ${seen(exchange)}`,
    exchange,
  );
}

/** A success: 200 to 299. */
export function claimTaken(exchange: Exchange): void {
  claim(
    exchange.status >= 200 && exchange.status < 300,
    `expected a success (2xx), got ${seen(exchange)}`,
    exchange,
  );
}

/** A resource that the provider made or knows. */
export interface Made {
  /** The provider's id. */
  readonly id: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly exchange: Exchange;
}

/** 200, 201 or 202 with an id and a config (docs/specs/extensions.md#provision). */
export function claimMade(exchange: Exchange): Made {
  claimStatus(exchange, 200, 201, 202);
  const { id, config } = exchange.json;
  claim(typeof id === 'string' && id !== '', 'the answer has no `id` that is text', exchange);
  claim(isObject(config), 'the answer has no `config` that is an object', exchange);
  return { id, config, exchange };
}

/** What came back, in words. */
export function seen(exchange: Exchange): string {
  const { answer } = exchange;
  if (answer.tag === 'answered') return String(answer.status);
  switch (answer.why) {
    case 'unreachable':
      return `no connection (${answer.detail})`;
    case 'too_slow':
      return `no answer within ${Math.round(answer.ms / 1000)} s`;
    case 'cut_off':
      return `a connection that was cut off (${answer.detail})`;
    case 'too_large':
      return `an answer of ${answer.detail}`;
    case 'not_http':
      return `an answer that is no HTTP (${answer.detail})`;
  }
}
