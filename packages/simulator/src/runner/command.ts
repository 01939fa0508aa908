import { durationOf } from '../machines/request/body.ts';
import type { Machine } from '../world/platform.ts';
import { isObject } from '../world/json.ts';

/**
 * What a machine runs: `init.exec`, else `init.entrypoint` and `init.cmd`, else the first of `processes`. Undefined when the config leaves
 * it to the image, which nobody has here.
 */
export function commandOf({ config }: Machine): string[] | undefined {
  const { init, processes } = config;
  const [first] = Array.isArray(processes) ? processes.filter(isObject) : [];
  for (const one of [isObject(init) ? init : {}, first ?? {}]) {
    const words = [...wordsIn(one['exec'])];
    if (words.length === 0) words.push(...wordsIn(one['entrypoint']), ...wordsIn(one['cmd']));
    if (words.length > 0) return words;
  }
  return undefined;
}

/** The signal that asks a machine's process to end, and how long it may take (docs/specs/platform.md#machine-states). */
export function stopRule({ config }: Machine): { signal: NodeJS.Signals; timeoutMs: number } {
  const stop = isObject(config['stop_config']) ? config['stop_config'] : {};
  const { signal, timeout } = stop;
  return {
    signal:
      typeof signal === 'string' && /^SIG[A-Z0-9]+$/.test(signal) ? (signal as NodeJS.Signals) : 'SIGINT',
    timeoutMs: Math.min(MOST_STOP_MS, durationOf(timeout) ?? USUAL_STOP_MS),
  };
}

const USUAL_STOP_MS = 5_000;
const MOST_STOP_MS = 300_000;

function wordsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
