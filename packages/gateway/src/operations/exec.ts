import { HangarError } from '@hangar/http';
import type { Exchange, HandlerDeps } from '../upstream/exchange.ts';
import { respond } from '../answer/respond.ts';
import { bringBack } from './forward.ts';
import { isObject } from '../rules/json.ts';
import type { BranchLimit } from '@hangar/contract';
import { jsonOf } from '../upstream/send.ts';
import type { ExecRequest } from '../rules/command.ts';

/** What upstream needs beside the command's own time. */
export const UPSTREAM_SLACK_SECONDS = 15;

/** The same run within what the caveats leave to be held. */
function boundedBy(wanted: ExecRequest, limits: readonly BranchLimit[]): ExecRequest {
  let { timeoutSeconds, maxOutputBytes } = wanted;
  for (const limit of limits) {
    if (limit.kind !== 'exec') continue;
    timeoutSeconds = Math.min(timeoutSeconds, limit.timeoutSeconds);
    maxOutputBytes = Math.min(maxOutputBytes, limit.maxOutputBytes);
  }
  return { ...wanted, timeoutSeconds, maxOutputBytes, body: { ...wanted.body, timeout: timeoutSeconds } };
}

/** `POST …/exec`, after the caveats have seen the command. */
export async function exec(exchange: Exchange, deps: HandlerDeps): Promise<Response> {
  if (!exchange.wanted.exec) throw new HangarError('internal', { detail: 'an exec without its body' });
  const wanted = boundedBy(exchange.wanted.exec, exchange.clearance?.limits ?? []);
  const call = {
    method: 'POST',
    target: exchange.plan.upstreamTarget(),
    headers: exchange.headers,
    json: wanted.body,
    repeatable: false,
    patienceMs: (wanted.timeoutSeconds + UPSTREAM_SLACK_SECONDS) * 1000,
    signal: exchange.whole.signal,
  };
  const reply = await exchange.send(call);
  if (reply.status !== 200) return await bringBack(exchange, reply, 'stream', undefined, deps);
  return respond(exchange, { status: 200, json: cut(await jsonOf(reply, call), wanted.maxOutputBytes) });
}

/** Cuts both streams at the limit, at a character's border, and says so. */
function cut(json: unknown, maxBytes: number): unknown {
  if (!isObject(json)) return json;
  const streams = ['stdout', 'stderr'].flatMap((name): [string, string][] => {
    const output = json[name];
    if (typeof output !== 'string' || Buffer.byteLength(output) <= maxBytes) return [];
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return [[name, decoder.decode(Buffer.from(output).subarray(0, maxBytes), { stream: true })]];
  });
  return streams.length === 0 ? json : { ...json, ...Object.fromEntries(streams), truncated: true };
}
