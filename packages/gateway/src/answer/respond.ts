import type { Exchange } from '../upstream/exchange.ts';
import { markAnswer } from './head.ts';

/** What an operation answers, before it is rendered. */
export interface Answer {
  readonly status: number;
  /** Undefined for an answer without a body. */
  readonly json?: unknown;
}

/** Renders an answer in JSON with the gateway's marks. */
export function respond(
  { whole, environment }: Exchange,
  answer: Answer,
  more: Record<string, string> = {},
): Response {
  const { requestId } = whole.door;
  const headers = markAnswer(new Headers(more), { requestId, environment: environment?.id });
  if (answer.json === undefined) return new Response(null, { status: answer.status, headers });
  headers.set('content-type', 'application/json; charset=utf-8');
  return new Response(JSON.stringify(answer.json), { status: answer.status, headers });
}
