import type { Simulation } from '../../simulation.ts';
import type { App, SecretKey } from '../../world/platform.ts';
import { textOf } from '../request/body.ts';
import { invalidArgument, Refusal } from '../request/refusal.ts';
import { KEY_TYPES, seal, unseal, type KeyType } from './key-types.ts';
import type { JsonObject } from '../../world/json.ts';

const KEY_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const NO_BYTES = new Uint8Array();

/** The keys of an app. */
export function secretKeysOf({ world }: Simulation, app: App): SecretKey[] {
  return [...world.secretKeys.values()].filter((one) => one.app === app.name);
}

/** The key of that name. 404 when the app has none. */
export function secretKeyOf({ world }: Simulation, app: App, name: string): SecretKey {
  const key = world.secretKeys.get(placeOf(app, name));
  if (!key) throw new Refusal(404, `secret key ${name} not found`);
  return key;
}

/** Sets a key to a value from outside, or with `generated` to a fresh one. */
export function setSecretKey(
  simulation: Simulation,
  app: App,
  name: string,
  body: JsonObject,
  mode: 'given' | 'generated',
): JsonObject {
  const { world, clock } = simulation;
  if (!KEY_NAME.test(name)) throw invalidArgument(`secret key name ${name} is not valid`);
  const type = textOf(body, 'type') ?? '';
  const kind = kindOf(type);
  const value = mode === 'generated' ? kind.generate() : givenValue(kind, type, body);
  const key: SecretKey = {
    app: app.name,
    name,
    type,
    createdAtMs: clock.nowMs(),
    value: new Uint8Array(value),
  };
  world.secretKeys.set(placeOf(app, name), key);
  return { ...secretKeyWire(key), version: nextVersion(simulation, app) };
}

/** Takes a key away. What it has encrypted is lost. */
export function deleteSecretKey(simulation: Simulation, app: App, name: string): JsonObject {
  secretKeyOf(simulation, app, name);
  simulation.world.secretKeys.delete(placeOf(app, name));
  return { version: nextVersion(simulation, app) };
}

/** What a key can do: the verb is the last part of the path. Undefined for a signature that is right: the answer has no body. */
export function useSecretKey(key: SecretKey, verb: string, body: JsonObject): JsonObject | undefined {
  const kind = kindOf(key.type);
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const cannot = (): never => {
    throw invalidArgument(`a key of type ${key.type} cannot ${verb}`);
  };
  const bound = bytesOf(body, 'associated_data') ?? NO_BYTES;
  if (bound.length > 0 && !kind.bindsData)
    throw invalidArgument(`associated_data: not with type ${key.type}`);
  switch (verb) {
    case 'encrypt':
      return {
        ciphertext: base64(seal((kind.encrypts ?? cannot()) && key.value, needed(body, 'plaintext'), bound)),
      };
    case 'decrypt':
      return {
        plaintext: base64(
          unseal((kind.encrypts ?? cannot()) && key.value, needed(body, 'ciphertext'), bound),
        ),
      };
    case 'sign':
      return { signature: base64((kind.sign ?? cannot)(key.value, needed(body, 'plaintext'))) };
    default: {
      const right = (kind.verify ?? cannot)(key.value, needed(body, 'plaintext'), needed(body, 'signature'));
      if (!right) throw invalidArgument('signature: is not right');
      return undefined;
    }
  }
}

/** A key on the wire, never its value. */
export function secretKeyWire(key: SecretKey): JsonObject {
  const publicKey = kindOf(key.type).publicKey?.(key.value);
  return {
    name: key.name,
    type: key.type,
    ...(publicKey ? { public_key: Buffer.from(publicKey).toString('base64') } : {}),
    created_at: new Date(key.createdAtMs).toISOString(),
    updated_at: new Date(key.createdAtMs).toISOString(),
  };
}

function kindOf(type: string): KeyType {
  const kind = Object.hasOwn(KEY_TYPES, type) ? KEY_TYPES[type] : undefined;
  if (!kind) throw invalidArgument(`type must be one of ${Object.keys(KEY_TYPES).join(', ')}`);
  return kind;
}

function givenValue(kind: KeyType, type: string, body: JsonObject): Uint8Array {
  const { valueBytes } = kind;
  if (valueBytes === undefined) throw invalidArgument(`a key of type ${type} can only be generated here`);
  const value = needed(body, 'value');
  if (value.length !== valueBytes)
    throw invalidArgument(`value: must be ${valueBytes} bytes for type ${type}`);
  return value;
}

function needed(body: JsonObject, name: string): Uint8Array {
  const bytes = bytesOf(body, name);
  if (bytes === undefined) throw invalidArgument(`${name}: is required`);
  return bytes;
}

/** Bytes travel as base64 text in both directions. */
function bytesOf(body: JsonObject, name: string): Uint8Array | undefined {
  const text = textOf(body, name);
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw invalidArgument(`${name}: is not base64`);
  return bytes;
}

function placeOf(app: App, name: string): string {
  return `${app.name} ${name}`;
}

/** Keys and secrets of an app share one version. */
function nextVersion({ world }: Simulation, app: App): number {
  app.secretsVersion += 1;
  world.apps.changed(app.name);
  return app.secretsVersion;
}
