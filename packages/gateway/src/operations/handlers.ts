import { answerClient } from '../clients/answer-client.ts';
import { assignAddress, releaseAddress } from './addresses.ts';
import {
  deleteApp,
  getApp,
  getEnvironment,
  listApps,
  listEnvironments,
  undeleteEnvironment,
} from './environments.ts';
import { createApp, createEnvironment } from './create-environment.ts';
import type { Machine } from '../nouns.ts';
import { readUsage } from './read-usage.ts';
import { exec } from './exec.ts';
import { appOf, type Exchange } from '../upstream/exchange.ts';
import { respond } from '../answer/respond.ts';
import { forward } from './forward.ts';
import type { OnceAnswer } from '../reserve/idempotency.ts';
import { createMachine, updateMachine } from './machines.ts';
import { writeMetadata } from './metadata.ts';
import { listInOrganization, place } from './organization-lists.ts';
import { ownedMachine, ownedVolume } from './ownership.ts';
import { HangarError } from '@hangar/http';
import type { Deps } from '../deps.ts';
import type { Handler, Route } from '../request/route.ts';
import { setSecrets } from './secrets.ts';
import { countFor, holdSpending, type Start } from '../reserve/budget.ts';
import { createVolume, extendVolume } from './volumes.ts';

/**
 * Does what was decided: the last step of the pipeline. What the path names below the app must be the app's own; budgets
 * are looked at; then the request is forwarded or handled.
 */
export async function act(exchange: Exchange, deps: Deps): Promise<Response> {
  try {
    return await carryOut(exchange, deps);
  } catch (error) {
    throw exchange.told(error);
  }
}

async function carryOut(exchange: Exchange, deps: Deps): Promise<Response> {
  const { plan, caller, clearance } = exchange;
  const { costs, starts, treatment } = plan.route;
  const { machine: machineId, volume: volumeId } = plan.params;
  const machine = machineId === undefined ? undefined : await ownedMachine(machineId, appOf(exchange), deps);
  if (volumeId !== undefined) await ownedVolume(volumeId, appOf(exchange), deps);
  if (clearance && costs === 'may' && starts !== 'body')
    await holdSpending(clearance, caller.workspace.number, startOf(plan.route, machine), deps);
  if (clearance && costs === 'may' && exchange.environment)
    await countFor(clearance, exchange.environment, deps);
  return treatment.kind === 'handle'
    ? await perform(treatment.handler, exchange, machine, deps)
    : await forward(exchange, machine, deps);
}

/** A config says how large the machine is that it starts: its handler looks at the budgets. */
function startOf({ starts }: Route, machine: Machine | undefined): Start | undefined {
  return starts === 'machine' && machine
    ? { environment: machine.environment, guest: machine.guest }
    : undefined;
}

/** Carries out what the gateway does itself. */
async function perform(
  handler: Handler,
  exchange: Exchange,
  machine: Machine | undefined,
  deps: Deps,
): Promise<Response> {
  switch (handler) {
    case 'list-apps':
      return respond(exchange, await listApps(exchange, deps));
    case 'create-app':
      return respondOnce(exchange, await createApp(exchange, deps));
    case 'create-environment':
      return respondOnce(exchange, await createEnvironment(exchange, deps));
    case 'get-app':
      return respond(exchange, await getApp(exchange, deps));
    case 'delete-app':
      return respond(exchange, await deleteApp(exchange, deps));
    case 'create-machine':
      return respondOnce(exchange, await createMachine(exchange, deps));
    case 'update-machine':
      return await updateMachine(exchange, required(machine), deps);
    case 'exec':
      return await exec(exchange, deps);
    case 'set-secrets':
      return await setSecrets(exchange, deps);
    case 'create-volume':
      return await createVolume(exchange, deps);
    case 'extend-volume':
      return await extendVolume(exchange, deps);
    case 'write-metadata':
      return await writeMetadata(exchange, required(machine), deps);
    case 'assign-address':
      return await assignAddress(exchange, deps);
    case 'release-address':
      return respond(exchange, await releaseAddress(exchange, deps));
    case 'list-org-machines':
      return respond(exchange, await listInOrganization(exchange, 'machines', deps));
    case 'list-org-volumes':
      return respond(exchange, await listInOrganization(exchange, 'volumes', deps));
    case 'place':
      return respond(exchange, await place(exchange, deps));
    case 'list-environments':
      return respond(exchange, await listEnvironments(exchange, deps));
    case 'get-environment':
      return respond(exchange, await getEnvironment(exchange, deps));
    case 'undelete-environment':
      return respond(exchange, await undeleteEnvironment(exchange, deps));
    case 'usage':
      return respond(exchange, await readUsage(exchange, deps));
    default:
      return respond(exchange, await answerClient(handler, exchange, deps));
  }
}

function respondOnce(exchange: Exchange, { replayed, ...answer }: OnceAnswer): Response {
  return respond(exchange, answer, replayed ? { 'idempotent-replayed': 'true' } : {});
}

function required<T>(subject: T | undefined): T {
  if (subject === undefined) throw new HangarError('internal', { detail: 'the route table names none here' });
  return subject;
}
