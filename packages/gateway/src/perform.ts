import { assignAddress } from './addresses.ts';
import { deleteApp, getApp, getEnvironment, listApps, listEnvironments } from './apps.ts';
import { createApp, createEnvironment } from './create-app.ts';
import type { Machine } from './environment.ts';
import { readUsage } from './environments.ts';
import { exec, type ExecRequest } from './exec.ts';
import { respond, type Exchange } from './exchange.ts';
import type { OnceAnswer } from './idempotency.ts';
import { createMachine, updateMachine } from './machines.ts';
import { listInOrganization, place } from './organization-lists.ts';
import { HangarError } from '@hangar/security';
import type { Parts } from './parts.ts';
import type { Handler } from './route.ts';
import type { WishedFor } from './create-app.ts';
import { setSecrets } from './secrets.ts';
import { createVolume } from './volumes.ts';

/** Carries out what the gateway does itself. Everything has been allowed before. */
export async function perform(
  handler: Handler,
  exchange: Exchange,
  subject: {
    readonly machine: Machine | undefined;
    readonly exec: ExecRequest | undefined;
    readonly wish: WishedFor | undefined;
  },
  parts: Parts,
): Promise<Response> {
  switch (handler) {
    case 'list-apps':
      return respond(exchange, await listApps(exchange, parts));
    case 'create-app':
      return respondOnce(exchange, await createApp(exchange, required(subject.wish), parts));
    case 'create-environment':
      return respondOnce(exchange, await createEnvironment(exchange, required(subject.wish), parts));
    case 'get-app':
      return respond(exchange, await getApp(exchange, parts));
    case 'delete-app':
      return respond(exchange, await deleteApp(exchange, parts));
    case 'create-machine':
      return respondOnce(exchange, await createMachine(exchange, parts));
    case 'update-machine':
      return await updateMachine(exchange, required(subject.machine), parts);
    case 'exec':
      return respond(exchange, await exec(exchange, subject.exec, parts));
    case 'set-secrets':
      return await setSecrets(exchange, parts);
    case 'create-volume':
      return await createVolume(exchange, parts);
    case 'assign-address':
      return await assignAddress(exchange, parts);
    case 'list-org-machines':
      return respond(exchange, await listInOrganization(exchange, 'machines', parts));
    case 'list-org-volumes':
      return respond(exchange, await listInOrganization(exchange, 'volumes', parts));
    case 'place':
      return respond(exchange, await place(exchange, parts));
    case 'list-environments':
      return respond(exchange, await listEnvironments(exchange, parts));
    case 'get-environment':
      return respond(exchange, await getEnvironment(exchange, parts));
    case 'usage':
      return respond(exchange, await readUsage(exchange, parts));
  }
}

function respondOnce(exchange: Exchange, { replayed, ...answer }: OnceAnswer): Response {
  return respond(exchange, answer, replayed ? { 'idempotent-replayed': 'true' } : {});
}

function required<T>(subject: T | undefined): T {
  if (subject === undefined) throw new HangarError('internal', { detail: 'the route table names none here' });
  return subject;
}
