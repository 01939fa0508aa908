import type { BranchLimit } from '@hangar/contract';
import { HangarError } from '@hangar/http';
import { checkBody } from '../rules/body-rules.ts';
import { splitCommandLine } from '../rules/command-line.ts';
import { respond, type Exchange, type HandlerParts } from '../upstream/exchange.ts';
import { bringBack } from './forward.ts';
import { invalid, isObject, withoutNulls } from '../rules/machine-config.ts';
import type { EnvironmentPolicy } from '../rules/policy.ts';
import { jsonOf } from '../upstream/send.ts';

/** What upstream needs beside the command's own time. */
export const upstreamSlackSeconds = 15;

/** A command to be executed, read from the body before the caveats are asked. */
export interface ExecRequest {
  /** What the caveats about commands are held against. */
  readonly command: readonly string[];
  /** Bounds that hold for this run. */
  readonly timeoutSeconds: number;
  readonly maxOutputBytes: number;
  /** Those of them that the caller asked for itself, for caveats about them. */
  readonly asked: { readonly timeoutSeconds?: number; readonly maxOutputBytes?: number };
  /** What goes upstream. */
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A word that no list of allowed commands can hold. A line with shell operators is put to the caveats as this, so that
 * it passes only where no caveat limits commands.
 */
const notPlain: readonly string[] = ['\u0000not a plain command'];

/**
 * The same for a command that reads something (a shell with `stdin` runs anything, whatever its words are) or that runs in
 * a container of the caller's choice, where its first word may be another program.
 */
const notAlone: readonly string[] = ['\u0000a command with stdin or container'];

/**
 * Reads the body of an exec. A list of words is taken as it is. A `cmd` line, which flyctl sends, is split
 * here and sent on as a list, so that what was checked is what runs. Time and output are bounded by the policy; a caller
 * may ask for less (`timeout`, and `max_output_bytes`, which is Hangar's own), as a caveat may demand.
 */
export function readExec(value: unknown, policy: EnvironmentPolicy): ExecRequest {
  const { max_output_bytes: output, ...upstreams } = isObject(value) ? withoutNulls(value) : {};
  const { value: body } = checkBody('MachineExecRequest', isObject(value) ? upstreams : value, policy);
  const { command, cmd, container, stdin, timeout } = body;
  const timeoutSeconds = atMost(timeout, 'timeout', policy.maxExecSeconds);
  const maxOutputBytes = atMost(output, 'max_output_bytes', policy.maxExecOutputBytes);
  const asked = {
    ...(isAsked(timeout) ? { timeoutSeconds } : {}),
    ...(isAsked(output) ? { maxOutputBytes } : {}),
  };
  const bounds = { timeoutSeconds, maxOutputBytes, asked };
  const rest = {
    timeout: timeoutSeconds,
    ...(container === undefined ? {} : { container: text(container, 'container') }),
    ...(stdin === undefined ? {} : { stdin: text(stdin, 'stdin') }),
  };
  if (command !== undefined && cmd !== undefined && cmd !== '')
    throw invalid('cmd', 'give either command or cmd');
  const line = command === undefined ? text(cmd, 'cmd') : '';
  const words = command === undefined ? splitCommandLine(line) : wordsOf(command);
  const alone = isEmpty(container) && isEmpty(stdin);
  if (words) return { command: alone ? words : notAlone, body: { ...rest, command: words }, ...bounds };
  return { command: notPlain, body: { ...rest, cmd: line }, ...bounds };
}

function wordsOf(command: unknown): readonly string[] {
  if (!Array.isArray(command) || command.length === 0) throw invalid('command', 'a list of texts is needed');
  return command.map((word: unknown, index) => text(word, `command[${index}]`));
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.includes('\u0000')) throw invalid(field, 'a text is needed');
  return value;
}

/** A whole number, the limit when none is given and never more than it; fly-go sends 0 for none. */
function atMost(value: unknown, field: string, limit: number): number {
  if (value === undefined || value === 0) return limit;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw invalid(field, 'a whole number is needed');
  return Math.min(value, limit);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '';
}

function isAsked(value: unknown): boolean {
  return value !== undefined && value !== 0;
}

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
export async function exec(exchange: Exchange, parts: HandlerParts): Promise<Response> {
  if (!exchange.wanted.exec) throw new HangarError('internal', { detail: 'an exec without its body' });
  const wanted = boundedBy(exchange.wanted.exec, exchange.clearance?.limits ?? []);
  const call = {
    method: 'POST',
    target: exchange.plan.upstreamTarget(),
    headers: exchange.headers,
    json: wanted.body,
    repeatable: false,
    patienceMs: (wanted.timeoutSeconds + upstreamSlackSeconds) * 1000,
    signal: exchange.whole.signal,
  };
  const reply = await exchange.send(call);
  if (reply.status !== 200) return await bringBack(exchange, reply, 'stream', undefined, parts);
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
