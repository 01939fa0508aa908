import { isIP } from 'node:net';

/** A metadata key. */
export function isMetadataKey(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(text);
}

/** An app secret's name: what a shell takes as a variable. */
export function isSecretName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(text);
}

/** A host name, as a certificate has it. */
export function isHostname(text: string): boolean {
  return text.length <= 253 && /^(?:\*\.)?(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{1,63}$/.test(text);
}

/** An environment's own id: `env_` and a ULID. */
export function isEnvironmentId(text: string): boolean {
  return /^env_[0-9A-HJKMNP-TV-Z]{26}$/.test(text);
}

/** An address as its owner writes it; upstream's are without a zone. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}
