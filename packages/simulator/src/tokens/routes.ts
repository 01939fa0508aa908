import {
  caveatsToDebugJson,
  clear,
  encodeToken,
  formatMask,
  parseMask,
  type Access,
  type Verified,
} from '@hangar/macaroon';
import { Hono } from 'hono';
import { jsonOf, textOf } from '../machines/request/body.ts';
import { invalidArgument, Refusal } from '../machines/request/refusal.ts';
import type { Simulation } from '../simulation.ts';
import { isObject, type JsonObject } from '../world/json.ts';
import { undischargedSentence, verifyHeader } from './verified.ts';

/**
 * `POST /v1/tokens/authenticate` and `authorize` (docs/specs/platform.md#token-introspection). Whoever holds a token
 * may ask what it is worth, without an Authorization header of its own; the public client for these sends none.
 */
export function introspectionRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });

  routes.post('/v1/tokens/authenticate', async (c) => {
    const { verified } = verifyHeader(simulation, headerOf(await jsonOf(c.req.raw)));
    return c.body(`[${verified.map(verifiedJson).join(',')}]`, 200, { 'content-type': 'application/json' });
  });

  routes.post('/v1/tokens/authorize', async (c) => {
    const body = await jsonOf(c.req.raw);
    const { verified, undischarged } = verifyHeader(simulation, headerOf(body));
    if (verified.length === 0) {
      const nothing = 'verify: invalid token: no verified tokens';
      throw new Refusal(401, undischarged.length > 0 ? undischargedSentence(undischarged) : nothing);
    }
    const { access, wire } = requestedAccess(simulation, body['access']);
    const good = verified.find((one) => clear(one, access).ok);
    if (!good) throw new Refusal(403, 'unauthorized');
    return c.body(`{"access":${JSON.stringify(wire)},"verified_token":${verifiedJson(good)}}`, 200, {
      'content-type': 'application/json',
    });
  });
  return routes;
}

function headerOf(body: JsonObject): string {
  const header = textOf(body, 'header');
  if (header === undefined) throw invalidArgument('header: is required');
  return header;
}

/** Ids in caveats can be larger than a JSON number of JavaScript, so the text comes from the macaroon library. */
function verifiedJson(one: Verified): string {
  const { nonce, bytes } = one.token;
  const base64 = (raw: Uint8Array): string => Buffer.from(raw).toString('base64');
  const rest = {
    header: `FlyV1 ${encodeToken(one.token)}`,
    nonce: { kid: base64(nonce.keyId), rnd: base64(nonce.random), proof: nonce.proof },
    permission_token: base64(bytes),
  };
  return `{"caveats":{"caveats":${caveatsToDebugJson(one.caveats)}},${JSON.stringify(rest).slice(1)}`;
}

/** The access that the caller asks about, its names resolved and its parents filled in, for clearing and as Fly.io writes it. */
function requestedAccess(simulation: Simulation, value: unknown): { access: Access; wire: JsonObject } {
  if (!isObject(value)) throw invalidArgument('access: is required');
  const { world } = simulation;
  const machineId = textOf(value, 'machine_id');
  const volumeId = textOf(value, 'volume_id');
  if (machineId !== undefined && volumeId !== undefined)
    throw invalidArgument('machine_id and volume_id exclude each other');
  const parent =
    machineId === undefined ? world.volumes.get(volumeId ?? '')?.app : world.machines.get(machineId)?.app;
  const appName = textOf(value, 'app_name') ?? parent;
  const app = appName === undefined ? undefined : world.apps.get(appName);
  if (appName !== undefined && !app) throw new Refusal(404, `Could not find App "${appName}"`);
  if ((machineId !== undefined || volumeId !== undefined) && parent !== app?.name) {
    throw new Refusal(404, `not_found: ${machineId === undefined ? 'volume' : 'machine'} not found`);
  }
  const slug = textOf(value, 'org_slug') ?? app?.organization;
  const organization = slug === undefined ? undefined : world.organizations.get(slug);
  if (!organization || (app && app.organization !== slug)) throw new Refusal(404, 'organization not found');
  const mask = parseMask(textOf(value, 'action') ?? '');
  if (!mask.ok) throw invalidArgument('action is not valid');

  const words = [
    ['feature', 'org_feature'],
    ['appFeature', 'app_feature'],
    ['machineFeature', 'machine_feature'],
    ['mutation', 'mutation'],
    ['storageObject', 'storage_object'],
    ['sourceMachine', 'source_machine'],
  ] as const;
  const named = Object.fromEntries(
    words.flatMap(([to, from]) => {
      const text = textOf(value, from);
      return text === undefined ? [] : [[to, text] as const];
    }),
  );
  const command = value['command'];
  const access: Access = {
    action: mask.value,
    orgId: BigInt(organization.number),
    appId: app ? BigInt(app.number) : undefined,
    machine: machineId,
    volume: volumeId,
    ...(Array.isArray(command) ? { command: command.filter((word) => typeof word === 'string') } : {}),
    ...named,
    now: simulation.clock.now(),
  };
  const wire = {
    action: formatMask(mask.value),
    orgid: organization.number,
    appid: app?.number,
    machine: machineId,
    volume: volumeId,
    ...(Array.isArray(command) ? { command } : {}),
    ...wireNames(named),
  };
  return { access, wire };
}

/** Most members keep their name on the wire of the answer; two are written with underscores. */
function wireNames(named: Record<string, string>): JsonObject {
  const spelt: Record<string, string> = {
    appFeature: 'app_feature',
    machineFeature: 'machine_feature',
    storageObject: 'storage_object',
  };
  return Object.fromEntries(Object.entries(named).map(([name, text]) => [spelt[name] ?? name, text]));
}
