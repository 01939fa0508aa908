import { HangarError } from '@hangar/security';
import { upstreamTarget } from './decide.ts';
import type { Environment, Machine } from './environment.ts';
import { readJson, type Exchange } from './exchange.ts';
import { responseHeaders } from './headers.ts';
import { isReservedMetadata } from './body-rules.ts';
import { invalid, isObject, withoutNulls } from './machine-config.ts';
import { cleanMachine, readMachine, withoutMarks } from './machine-view.ts';
import { noteGone, noteMachine } from './observe.ts';
import { pause, type Parts } from './parts.ts';
import { checkVolumeSize } from './policy.ts';
import type { BodyCheck, Reply, Route } from './route.ts';
import { sendUpstream, type UpstreamReply } from './upstream.ts';

/** Waiting and stopping take as long as the caller allows; upstream's own limit on waiting is 60 seconds. */
export const slowPatienceMs = 75_000;
const slowRoutes: readonly string[] = ['machines.wait', 'machines.stop', 'machines.restart'];

/** A machine that the gateway has just made may be invisible upstream for this long. */
const newMachineMs = 10_000;
const newMachinePauseMs = 500;

/** Sends an allowed request upstream and brings the answer back. */
export async function forward(
  exchange: Exchange,
  machine: Machine | undefined,
  parts: Parts,
): Promise<Response> {
  const { route } = exchange.plan;
  if (route.treatment.kind !== 'forward')
    throw new HangarError('internal', { detail: `${route.id} is not forwarded` });
  const { bodyFields, check, reply } = route.treatment;
  const json = await readFields(exchange, bodyFields, check, parts);
  return await passOn(exchange, json, reply, machine, parts);
}

/** Sends a body that was built by the gateway, for the routes whose bodies it checks itself. */
export async function passOn(
  exchange: Exchange,
  json: unknown,
  reply: Reply,
  machine: Machine | undefined,
  parts: Parts,
): Promise<Response> {
  const { plan, request, headers } = exchange;
  const call = {
    method: plan.route.method,
    target: upstreamTarget(plan),
    headers,
    json,
    repeatable: plan.route.repeatable,
    signal: request.signal,
    ...(slowRoutes.includes(plan.route.id) ? { patienceMs: slowPatienceMs } : {}),
  };
  let answer = await sendUpstream(parts.machines, call);
  while (answer.status === 404 && isNew(plan.route, machine, parts)) {
    await answer.drop();
    await pause(newMachinePauseMs);
    answer = await sendUpstream(parts.machines, call);
  }
  return await bringBack(exchange, answer, reply, machine, parts);
}

function isNew(route: Route, machine: Machine | undefined, { now }: Parts): boolean {
  if (!machine || route.method !== 'GET' || machine.destroyedAt !== undefined) return false;
  return now().getTime() - machine.createdAt.getTime() < newMachineMs;
}

/** Streams an answer, or cleans it where it holds marks of ours. */
export async function bringBack(
  { door, environment }: Exchange,
  answer: UpstreamReply,
  reply: Reply,
  machine: Machine | undefined,
  parts: Parts,
): Promise<Response> {
  const headers = responseHeaders(answer.headers, {
    requestId: door.requestId,
    environment: environment?.id,
  });
  const { status } = answer;
  if (status >= 400 || reply === 'stream') return new Response(answer.stream(), { status, headers });
  if (reply === 'deleted-machine') {
    if (machine) await noteGone(machine, parts);
    return new Response(answer.stream(), { status, headers });
  }
  const json: unknown = JSON.parse(new TextDecoder().decode(await answer.bytes()));
  await takeNote(reply, json, environment, parts);
  return new Response(JSON.stringify(cleaned(reply, json)), { status, headers });
}

/** What passes by anyway is worth a note: the state of machines, the owner of volumes. */
async function takeNote(
  reply: Reply,
  json: unknown,
  environment: Environment | undefined,
  parts: Parts,
): Promise<void> {
  if (!environment) return;
  const items: readonly unknown[] = Array.isArray(json) ? json : [json];
  for (const item of items) {
    if (reply === 'volumes' && isObject(item) && typeof item['id'] === 'string') {
      await parts.store.saveVolume({ id: item['id'], environment: environment.id, at: parts.now() });
    }
    const machine = reply === 'machine' || reply === 'machines' ? readMachine(item) : undefined;
    if (machine) await noteMachine(machine, environment.id, parts);
  }
}

function cleaned(reply: Reply, json: unknown): unknown {
  if (reply === 'metadata') return withoutMarks(json);
  return Array.isArray(json) ? json.map(cleanMachine) : cleanMachine(json);
}

/** The members of the body that the route knows. A body where none is expected is thrown away unread. */
async function readFields(
  exchange: Exchange,
  fields: readonly string[],
  check: BodyCheck | undefined,
  parts: Parts,
): Promise<unknown> {
  const key = exchange.plan.params['key'];
  if (check === 'metadata-value' && key !== undefined && isReservedMetadata(key)) throw reserved(key);
  if (fields.length === 0) return undefined;
  const { value } = await readJson(exchange);
  if (value === undefined) return undefined;
  if (!isObject(value)) throw invalid('body', 'a JSON object is needed');
  const known = Object.fromEntries(
    Object.entries(withoutNulls(value)).filter(([name]) => fields.includes(name)),
  );
  if (check === 'metadata') checkMetadata(known['metadata']);
  if (check === 'volume-size') checkSize(known['size_gb'], parts);
  return known;
}

function checkMetadata(metadata: unknown): void {
  if (!isObject(metadata)) throw invalid('metadata', 'an object is needed');
  for (const key of Object.keys(metadata)) if (isReservedMetadata(key)) throw reserved(key);
}

function checkSize(size: unknown, { policy }: Parts): void {
  if (typeof size !== 'number') throw invalid('size_gb', 'a number is needed');
  const error = checkVolumeSize(size, 'size_gb', policy);
  if (error) throw error;
}

function reserved(key: string): HangarError {
  return invalid(`metadata.${key}`, 'this name is reserved');
}
