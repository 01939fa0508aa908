import { HangarError } from '@hangar/http';
import { type Secret } from '@hangar/security';

const KEY_BYTES = 32;

/**
 * Reads the keys shared with our discharge service: padded base64 of 32 bytes each, newest first.
 * Throws `config_invalid`; no part of a key is in the message.
 */
export function parseDischargeKeys(secrets: readonly Secret[]): readonly [Uint8Array, ...Uint8Array[]] {
  const keys = secrets.map((secret, index) => {
    const text = secret.reveal();
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== text) {
      throw problem(`discharge key ${index + 1} is not padded base64 of ${KEY_BYTES} bytes`);
    }
    return new Uint8Array(bytes);
  });
  const [newest, ...older] = keys;
  if (!newest) throw problem('no discharge key is configured');
  return [newest, ...older];
}

function problem(detail: string): HangarError {
  return new HangarError('config_invalid', { detail, public: detail });
}
