import { HangarError } from '@hangar/http';
import type { Secret } from './secret.ts';

/** A parsed master key. Stays inside the package. */
export interface MasterKey {
  readonly id: string;
  readonly key: Uint8Array;
}

const FORM = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/;

/**
 * Reads master keys of the form `id:base64`, 32 bytes each.
 * @throws HangarError `config_invalid`; the text of a key is in no message.
 */
export function parseMasterKeys(secrets: readonly Secret[]): readonly MasterKey[] {
  const seen = new Set<string>();
  return secrets.map((secret, index) => {
    const match = FORM.exec(secret.reveal());
    const [, id, encoded] = match ?? [];
    if (id === undefined || encoded === undefined) {
      throw problem(`master key ${index + 1} is not "id:" and base64 of 32 bytes`);
    }
    const key = Buffer.from(encoded, 'base64');
    if (key.toString('base64') !== encoded) throw problem(`master key ${id} is not canonical base64`);
    if (seen.has(id)) throw problem(`two master keys are called ${id}`);
    seen.add(id);
    return { id, key: new Uint8Array(key) };
  });
}

function problem(detail: string): HangarError {
  return new HangarError('config_invalid', { detail, public: detail });
}
