import type { SimulatedClock } from './clock.ts';
import { randomHex } from './ids.ts';

/**
 * Where a fault sits: one of the four doors, Fly.io's own third party behind the first (`discharges`), or on the way to the
 * provider (`events`, `calls`).
 */
export type FaultDoor = 'api' | 'machines' | 's3' | 'iam' | 'discharges' | 'events' | 'calls';

/**
 * What goes wrong. `slow` waits `ms`; `status` answers `status` instead; `drop` cuts the connection; `hang` never answers;
 * `duplicate` sends a machine event twice; `rate_limit` switches the documented limits on; `launch_failed` lets a machine fail to start.
 */
export type FaultKind = 'slow' | 'status' | 'drop' | 'hang' | 'duplicate' | 'rate_limit' | 'launch_failed';

/** One misbehaviour, waiting for its request. */
export interface Fault {
  readonly id: string;
  readonly door: FaultDoor;
  readonly kind: FaultKind;
  /** Method, any when absent. */
  readonly method?: string;
  /** Path pattern: `*` is one segment, `**` is anything. For IAM the path is `/` and the action's name. Any when absent. */
  readonly route?: string;
  /** `before` the request has an effect (default), or `after` it: the work is done and only the answer is lost. */
  readonly when: 'before' | 'after';
  readonly ms?: number;
  readonly status?: number;
  /** How often it strikes; absent means always. */
  remaining?: number;
  /** When it ends by itself, by the simulated clock. */
  readonly untilMs?: number;
  /** How many matching requests pass before the first strike. */
  skip: number;
  struck: number;
}

/** The faults that are switched on. They live as long as the process: a restart of the simulator heals everything. */
export interface Faults {
  add(fault: Omit<Fault, 'id' | 'struck'>): Fault;
  list(): readonly Fault[];
  clear(id?: string): void;
  /** Takes the faults of those kinds that strike this request, counting each. */
  strike(at: {
    door: FaultDoor;
    kinds: readonly FaultKind[];
    when?: 'before' | 'after';
    method: string;
    route: string;
  }): Fault[];
  /** Resolves when the fault is cleared; for requests that hang. */
  cleared(id: string): Promise<void>;
}

/** Creates an empty list of faults. Those that last for a time end by `clock`; a request that hangs then goes free. */
export function createFaults(clock: SimulatedClock): Faults {
  const faults = new Map<string, Fault>();
  const hanging = new Map<string, Set<() => void>>();

  const release = (id: string): void => {
    for (const wake of hanging.get(id) ?? []) wake();
    hanging.delete(id);
  };

  const end = (id: string): void => {
    faults.delete(id);
    release(id);
  };

  return {
    add(fault) {
      const added: Fault = { ...fault, id: randomHex(6), struck: 0 };
      faults.set(added.id, added);
      if (added.untilMs !== undefined) clock.after(added.untilMs - clock.nowMs(), () => end(added.id));
      return added;
    },
    list: () => [...faults.values()],
    clear(id) {
      const ids = id === undefined ? [...faults.keys(), ...hanging.keys()] : [id];
      for (const one of ids) end(one);
    },
    strike({ door, kinds, when = 'before', method, route }) {
      const struck: Fault[] = [];
      for (const fault of faults.values()) {
        // The timer follows the real clock between two leaps of the simulated one; the instant is what counts.
        if (fault.untilMs !== undefined && fault.untilMs <= clock.nowMs()) continue;
        if (fault.door !== door || fault.when !== when || !kinds.includes(fault.kind)) continue;
        if (fault.method !== undefined && fault.method !== method) continue;
        if (fault.route !== undefined && !routePattern(fault.route).test(route)) continue;
        if (fault.skip > 0) {
          fault.skip -= 1;
          continue;
        }
        fault.struck += 1;
        struck.push(fault);
        if (fault.remaining === undefined) continue;
        fault.remaining -= 1;
        if (fault.remaining <= 0) faults.delete(fault.id);
      }
      return struck;
    },
    cleared(id) {
      return new Promise((resolve) => {
        const waiting = hanging.get(id) ?? new Set();
        waiting.add(resolve);
        hanging.set(id, waiting);
      });
    },
  };
}

function routePattern(pattern: string): RegExp {
  const source = pattern
    .split(/(\*\*|\*)/)
    .map((part) =>
      part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${source}$`);
}
