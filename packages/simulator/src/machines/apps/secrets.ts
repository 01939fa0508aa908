import { createHash } from 'node:crypto';
import type { Simulation } from '../../simulation.ts';
import type { App, AppSecret } from '../../world/platform.ts';
import { isObject, type JsonObject } from '../../world/json.ts';
import { invalidArgument, Refusal } from '../request/refusal.ts';
import { secretWire } from '../machine/wire.ts';

/** Both spellings of a secrets version: the second is what older fly-go reads. */
const versionWire = (app: App): JsonObject => ({ version: app.secretsVersion, Version: app.secretsVersion });

/** `GET …/secrets` (docs/specs/platform.md#secrets). */
export function listSecrets(app: App, show: boolean): JsonObject {
  return { secrets: [...app.secrets.values()].map((secret) => secretWire(secret, show)) };
}

/** `GET …/secrets/{name}`. */
export function showSecret(app: App, name: string, show: boolean): JsonObject {
  const secret = app.secrets.get(name);
  if (!secret) throw new Refusal(404, `secret ${name} not found`);
  return secretWire(secret, show);
}

/** `POST …/secrets`: sets several at once; null removes. */
export function changeSecrets(simulation: Simulation, app: App, body: JsonObject): JsonObject {
  const values = body['values'];
  if (!isObject(values)) throw invalidArgument('values: is required');
  for (const [name, value] of Object.entries(values)) {
    checkName(name);
    if (value !== null && typeof value !== 'string')
      throw invalidArgument(`values.${name}: must be a string or null`);
  }
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') store(simulation, app, name, value);
    else app.secrets.delete(name);
  }
  nextVersion(simulation, app);
  return { ...listSecrets(app, false), ...versionWire(app) };
}

/** `POST …/secrets/{name}`. */
export function setSecret(simulation: Simulation, app: App, name: string, body: JsonObject): JsonObject {
  checkName(name);
  if (typeof body['value'] !== 'string') throw invalidArgument('value: is required');
  const secret = store(simulation, app, name, body['value']);
  nextVersion(simulation, app);
  return { ...secretWire(secret, false), ...versionWire(app) };
}

/** `DELETE …/secrets/{name}`. */
export function deleteSecret(simulation: Simulation, app: App, name: string): JsonObject {
  if (!app.secrets.delete(name)) throw new Refusal(404, `secret ${name} not found`);
  nextVersion(simulation, app);
  return versionWire(app);
}

function nextVersion(simulation: Simulation, app: App): void {
  app.secretsVersion += 1;
  simulation.world.apps.changed(app.name);
}

function checkName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) throw invalidArgument(`secret name ${name} is not valid`);
}

function store(simulation: Simulation, app: App, name: string, value: string): AppSecret {
  const nowMs = simulation.clock.nowMs();
  const digest = createHash('sha256').update(value).digest('hex').slice(0, 16);
  const old = app.secrets.get(name);
  const secret: AppSecret = {
    name,
    value,
    digest,
    createdAtMs: old?.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
  };
  app.secrets.set(name, secret);
  return secret;
}
