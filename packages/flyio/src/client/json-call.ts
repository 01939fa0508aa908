import { ok, refuse, type Result } from '@hangar/http';
import type { z } from 'zod';
import type { Upstream, UpstreamAnswer } from './upstream.ts';
import { failureOf, type UpstreamReason } from './upstream-failure.ts';

/** One call of the typed client. */
export interface JsonCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** An answer of the Machines API that no machine's config comes near: 8 MiB. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * Sends JSON, reads JSON. A status of 400 and more is `refused` with the body as received; an answer that is
 * not what `schema` says is `malformed`. Without a schema the body is read and dropped.
 */
export async function callJson<T>(
  upstream: Upstream,
  call: JsonCall,
  schema: z.ZodType<T> | undefined,
): Promise<Result<T, UpstreamReason>> {
  const sent = await upstream.send({
    method: call.method,
    path: call.path + queryOf(call.query),
    headers: {
      accept: 'application/json',
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
    },
    body: JSON.stringify(call.body),
    signal: call.signal,
    timeoutMs: call.timeoutMs,
  });
  if (!sent.ok) return sent;
  const { status } = sent.value;
  let text: string;
  try {
    text = await readText(sent.value);
  } catch (error) {
    return refuse(failureOf(error, call.method));
  }
  const body = parse(text);
  if (status >= 400) return refuse({ tag: 'refused', status, body });
  if (status >= 300) return refuse({ tag: 'malformed', status, detail: 'a redirect' });
  if (!schema) return ok(undefined as T);
  const read = schema.safeParse(body);
  if (read.success) return ok(read.data);
  return refuse({
    tag: 'malformed',
    status,
    detail: read.error.issues.map((issue) => issue.path.join('.')).join(', '),
  });
}

function queryOf(query: JsonCall['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

async function readText(answer: UpstreamAnswer): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body as AsyncIterable<Uint8Array>) {
    size += part.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new Error(`an answer of more than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

// Non-JSON error bodies exist (proxies on the way); they are handed on as the text they are.
function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
