import type { SchemaName } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import type { Environment, Machine } from '../nouns.ts';
import { appOf, type Exchange, type HandlerDeps } from '../upstream/exchange.ts';
import { forwardedRefusal } from '../answer/forwarded-refusal.ts';
import { responseHeaders } from '../answer/head.ts';
import { checkBody, isReservedMetadata } from '../rules/body-rules.ts';
import { isObject, invalid } from '../rules/json.ts';
import { cleaned } from '../answer/cleaned.ts';
import { readMachine } from '../rules/machine-marks.ts';
import {
  noteAddress,
  noteGone,
  noteMachine,
  noteMounts,
  noteVolume,
  noteVolumeGone,
} from '../metering/observe.ts';
import { sleep } from '../deps.ts';
import { countUpstream } from '../reserve/quotas.ts';
import type { Reply, Route } from '../request/route.ts';
import { notJson, parseJson, type UpstreamReply } from '../upstream/send.ts';

/** Waiting and stopping take as long as the caller allows; upstream's own limit on waiting is 60 seconds. */
export const SLOW_PATIENCE_MS = 75_000;

/** A machine that the gateway has just made may be invisible upstream for this long. */
const NEW_MACHINE_MS = 10_000;
const NEW_MACHINE_PAUSE_MS = 500;

/** Sends an allowed request upstream and brings the answer back. */
export async function forward(
  exchange: Exchange,
  machine: Machine | undefined,
  deps: HandlerDeps,
): Promise<Response> {
  const { route } = exchange.plan;
  if (route.treatment.kind !== 'forward')
    throw new HangarError('internal', { detail: `${route.id} is not forwarded` });
  const { body, reply } = route.treatment;
  const json = checkedBody(exchange, body, deps);
  return await passOn(exchange, json, reply, machine, deps);
}

/** Sends a body that was built by the gateway, for the routes whose bodies it checks itself. */
export async function passOn(
  exchange: Exchange,
  json: unknown,
  reply: Reply,
  machine: Machine | undefined,
  deps: HandlerDeps,
): Promise<Response> {
  const { plan, whole, headers } = exchange;
  const call = {
    method: plan.route.method,
    target: plan.upstreamTarget(),
    headers,
    json,
    repeatable: plan.route.repeatable,
    signal: whole.signal,
    ...(plan.route.slow ? { patienceMs: SLOW_PATIENCE_MS } : {}),
  };
  let answer = await exchange.send(call);
  while (answer.status === 404 && isNew(plan.route, machine, deps)) {
    await answer.drop();
    await sleep(NEW_MACHINE_PAUSE_MS);
    await exchange.checkBetweenLooks();
    answer = await exchange.send(call);
  }
  return await bringBack(exchange, answer, reply, machine, deps);
}

/** Whether upstream may not know the machine yet. */
export function isNew(
  route: Route,
  machine: Machine | undefined,
  { now }: Pick<HandlerDeps, 'now'>,
): boolean {
  if (!machine || route.method !== 'GET' || machine.destroyedAt !== undefined) return false;
  return now().getTime() - machine.createdAt.getTime() < NEW_MACHINE_MS;
}

/** Streams an answer, or cleans it where it holds marks of ours. */
export async function bringBack(
  exchange: Exchange,
  answer: UpstreamReply,
  reply: Reply,
  machine: Machine | undefined,
  deps: HandlerDeps,
): Promise<Response> {
  const { whole, plan, environment } = exchange;
  const headers = responseHeaders(answer.headers, {
    requestId: whole.door.requestId,
    environment: environment?.id,
  });
  const { status } = answer;
  if (status >= 400) {
    const refusal = await forwardedRefusal(answer, headers, whole.door.requestId);
    if (status === 404 && reply === 'deleted-volume') await countWithoutIt(exchange, deps);
    return refusal;
  }
  if (reply === 'stream') return new Response(answer.stream(whole.door.cut), { status, headers });
  if (reply === 'deleted-machine') {
    if (machine) await noteGone(machine, deps);
    return new Response(answer.stream(whole.door.cut), { status, headers });
  }
  const json = parseJson(await answer.bytes());
  if (json === undefined) throw notJson(status, plan.route.repeatable);
  await takeNote(reply, json, environment, deps);
  return new Response(JSON.stringify(cleaned(reply, json)), { status, headers });
}

/** A volume of ours that is not there: its deletion was not noted, as when the answer to it was lost. */
async function countWithoutIt(exchange: Exchange, deps: HandlerDeps): Promise<void> {
  try {
    await countUpstream('volumes', appOf(exchange), deps);
  } catch (error) {
    deps.log.info({ err: error }, 'the volumes of an environment could not be counted');
  }
}

/** What passes by anyway is worth a note: the state of machines, the owner of volumes. */
async function takeNote(
  reply: Reply,
  json: unknown,
  environment: Environment | undefined,
  deps: HandlerDeps,
): Promise<void> {
  if (!environment) return;
  const items: readonly unknown[] = Array.isArray(json) ? json : [json];
  for (const item of items) {
    if (reply === 'volumes') await noteVolume(item, environment.id, deps);
    if (reply === 'address') await noteAddress(item, environment.id, deps);
    if (reply === 'deleted-volume') await noteVolumeGone(item, deps);
    if (reply === 'extended-volume' && isObject(item)) await noteVolume(item['volume'], environment.id, deps);
    const machine = reply === 'machine' || reply === 'machines' ? readMachine(item) : undefined;
    if (machine) await noteMachine(machine, environment.id, deps);
    if (machine && reply === 'machine') await noteMounts(machine, environment.id, deps);
  }
}

/** The body, as its table has it. One where none is expected is thrown away unread. */
function checkedBody(
  { plan, whole }: Exchange,
  schema: SchemaName | undefined,
  { policy }: HandlerDeps,
): unknown {
  const { key } = plan.params;
  if (key !== undefined && plan.route.method !== 'GET' && isReservedMetadata(key))
    throw invalid(`metadata.${key}`, 'this name is reserved');
  const value = whole.json();
  return schema === undefined || value === undefined ? undefined : checkBody(schema, value, policy).value;
}
