import { HangarError } from '@hangar/http';
import type { Config } from '../seller.ts';

const KEY_PATTERN = /^[A-Z][A-Z0-9_]{0,63}$/;
/** Names that change how any program runs, or that Fly.io sets itself. */
const FORBIDDEN_KEY =
  /^(?:FLY_.*|LD_.*|DYLD_.*|PRIMARY_REGION|PORT|PATH|HOME|USER|SHELL|PWD|NODE_OPTIONS|NODE_PATH|PYTHONPATH|PYTHONSTARTUP|RUBYOPT|RUBYLIB|PERL5OPT|PERL5LIB|BASH_ENV|ENV|IFS|JAVA_TOOL_OPTIONS|GIT_SSH_COMMAND|HTTP_PROXY|HTTPS_PROXY|NO_PROXY)$/;
const MAX_VALUE_BYTES = 32 * 1024;
const MAX_TOTAL_BYTES = 64 * 1024;

/**
 * Checks what the seller's code wants to put into customers' apps (docs/specs/extensions.md#provision). flyctl
 * asserts the string type without looking, so one number would crash the customer's command line.
 * @throws HangarError `hook_failed`: it is the seller's fault, and the detail goes to the log.
 */
export function checkConfig(config: unknown, allowed: readonly string[]): Config {
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw fault('config is not an object');
  let total = 0;
  const checked: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!KEY_PATTERN.test(key)) throw fault('a key is not a variable name');
    if (FORBIDDEN_KEY.test(key)) throw fault(`the key ${key} is reserved`);
    if (!allowed.includes(key)) throw fault(`the key ${key} is not among configKeys`);
    if (typeof value !== 'string') throw fault(`the value of ${key} is not a string`);
    if (value.includes('\0')) throw fault(`the value of ${key} holds a NUL`);
    if (key.endsWith('_URL') && !hasHost(value)) throw fault(`the value of ${key} is not a URL with a host`);
    const bytes = Buffer.byteLength(value);
    if (bytes > MAX_VALUE_BYTES) throw fault(`the value of ${key} is longer than ${MAX_VALUE_BYTES} bytes`);
    total += bytes;
    checked[key] = value;
  }
  if (total > MAX_TOTAL_BYTES) throw fault(`config is larger than ${MAX_TOTAL_BYTES} bytes`);
  return checked;
}

/** True when both say the same, in any order of keys. */
export function sameConfig(a: Config, b: Config): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  );
}

function hasHost(text: string): boolean {
  return URL.canParse(text) && new URL(text).hostname !== '';
}

function fault(detail: string): HangarError {
  return new HangarError('hook_failed', { detail });
}
