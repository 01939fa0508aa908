import { mkdirSync, symlinkSync, lstatSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { isObject, type JsonObject } from '../world/json.ts';
import type { Machine } from '../world/platform.ts';

/** Where a path of the machine is below its folder: `/data` is `FOLDER/data`, and no path leads out of it. */
function inside(folder: string, path: string): string {
  return join(folder, posix.normalize(posix.join('/', path)));
}

/**
 * Makes the folder of a machine ready for a start: the files of its config, and its volume where it mounts it, which is a folder of the
 * volume's own that stays when the machine goes. Says where it is.
 */
export function prepareFolder(root: string, machine: Machine): string {
  const folder = join(root, 'machines', machine.id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const mount of objectsIn(machine.config['mounts'])) {
    const { volume, path } = mount;
    if (typeof volume !== 'string' || typeof path !== 'string') continue;
    const data = join(root, 'volumes', volume);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const place = inside(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    if (place !== folder && !lstatSync(place, { throwIfNoEntry: false })) symlinkSync(data, place);
  }
  for (const file of objectsIn(machine.config['files'])) {
    const bytes = bytesOf(machine, file);
    const path = file['guest_path'];
    if (bytes === undefined || typeof path !== 'string') continue;
    const place = inside(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    const mode = typeof file['mode'] === 'number' && file['mode'] > 0 ? file['mode'] & 0o777 : 0o644;
    writeFileSync(place, bytes, { mode });
  }
  return folder;
}

/** `raw_value`, or the secret of that name; both are Base64. */
function bytesOf(machine: Machine, file: JsonObject): Buffer | undefined {
  const { raw_value: raw, secret_name: secret } = file;
  const text =
    typeof raw === 'string' ? raw : typeof secret === 'string' ? machine.secrets[secret] : undefined;
  return text === undefined ? undefined : Buffer.from(text, 'base64');
}

function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
