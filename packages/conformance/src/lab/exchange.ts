import type { Answer } from './line.ts';
import type { Composed } from './order.ts';

/** One request and what came of it. */
export interface Exchange extends Composed {
  readonly answer: Answer;
  /** 0 when nothing came back. */
  readonly status: number;
  /** The answer as text, lossy where it is no UTF-8. */
  readonly text: string;
  /** The answer as a JSON object; empty when it is none. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The first value of a header, in lower case by name. */
  header(name: string): string | undefined;
}

export function exchangeOf(composed: Composed, answer: Answer): Exchange {
  const answered = answer.tag === 'answered';
  const text = answered ? Buffer.from(answer.body).toString('utf8') : '';
  return {
    ...composed,
    answer,
    status: answered ? answer.status : 0,
    text,
    json: objectIn(text),
    header: (name) => (answered ? answer.headers[name]?.[0] : undefined),
  };
}

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
