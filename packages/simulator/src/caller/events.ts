import type { SimulatedClock, Timer } from '../clock.ts';
import type { Faults } from '../faults.ts';
import { ulid } from '../ids.ts';
import type { Settings } from '../options.ts';
import type { QueuedEvent } from '../world/extensions.ts';
import type { Machine, MachineState } from '../world/platform.ts';
import type { World } from '../world/world.ts';
import type { ProviderLine } from './line.ts';
import type { JsonObject } from '../world/json.ts';

/** Fly.io tries an event this often, with these pauses between; then it is lost, as a hint may be. */
const RETRY_PAUSES_MS = [100, 400, 1_000, 3_000, 10_000, 30_000];

/** Sends machine events to the provider (docs/specs/extensions.md#events). */
export interface EventSender {
  /** Queues the news that a machine has entered its present state. */
  announce(machine: Machine, previous: MachineState, data: JsonObject): void;
  /** Goes on with events that a restart interrupted. */
  resume(): void;
  /** Resolves when nothing is being sent and nothing waits to be tried again. */
  idle(): Promise<void>;
  close(): void;
}

/**
 * Creates the sender. One machine's events leave in order, an unanswered one holds back those behind it; machines do not wait
 * for each other. Only machines of the operator's organization are announced, as the Extensions API page says.
 */
export function createEventSender(options: {
  world: World;
  clock: SimulatedClock;
  faults: Faults;
  settings: Settings;
  line: ProviderLine;
  commit: () => void;
}): EventSender {
  const { world, clock, faults, settings } = options;
  const busy = new Set<string>();
  const timers = new Map<string, Timer>();
  const idlers = new Set<() => void>();
  let closed = false;

  const first = (machine: string): QueuedEvent | undefined =>
    [...world.events.values()].find((one) => one.machine === machine);

  const settleIdle = (): void => {
    if (busy.size > 0 || (world.events.size > 0 && !closed)) return;
    for (const wake of idlers) wake();
    idlers.clear();
  };

  const finish = (event: QueuedEvent): void => {
    world.events.delete(event.id);
    options.commit();
  };

  const attempt = async (event: QueuedEvent): Promise<boolean> => {
    const struck = faults.strike({
      door: 'events',
      kinds: ['slow', 'drop', 'status', 'duplicate'],
      method: 'POST',
      route: '/extensions/events',
    });
    for (const fault of struck) if (fault.kind === 'slow') await clock.sleep(fault.ms ?? 0);
    if (struck.some((fault) => fault.kind === 'drop')) return true;
    if (struck.some((fault) => fault.kind === 'status')) return false;
    const copies = struck.some((fault) => fault.kind === 'duplicate') ? 2 : 1;
    let taken = true;
    for (let copy = 0; copy < copies; copy++) taken = (await deliver(event)) && taken;
    return taken;
  };

  const deliver = async (event: QueuedEvent): Promise<boolean> => {
    // Loaded with the first event: a simulator that nobody is told about never needs it.
    const { signMessage } = await import('@hangar/security');
    const exchange = await options.line.send({
      kind: 'event',
      method: 'POST',
      path: '/extensions/events',
      body: event.body,
      headers: {
        'content-type': 'application/json',
        'x-signature': signMessage(settings.provider.provisioningSecret, event.body),
        'ce-specversion': '1.0',
        'ce-id': event.id,
        'ce-source': event.source,
        'ce-type': event.type,
        'ce-time': new Date(event.timeMs).toISOString(),
      },
    });
    return exchange.status > 0 && exchange.status < 500 && exchange.status !== 429;
  };

  const work = async (machine: string, event: QueuedEvent): Promise<void> => {
    let taken = false;
    try {
      taken = await attempt(event);
    } catch (error) {
      settings.onError(error);
    }
    busy.delete(machine);
    if (closed) return settleIdle();
    const pause = RETRY_PAUSES_MS[event.attempts];
    event.attempts += 1;
    world.events.changed(event.id);
    if (taken || pause === undefined) {
      finish(event);
      return pump(machine);
    }
    const again = clock.after(pause, () => {
      timers.delete(machine);
      pump(machine);
    });
    timers.set(machine, again);
  };

  function pump(machine: string): void {
    const event = first(machine);
    if (!event || busy.has(machine) || timers.has(machine) || closed) return settleIdle();
    busy.add(machine);
    void work(machine, event);
  }

  return {
    announce(machine, previous, data) {
      const app = world.apps.get(machine.app);
      if (!settings.announces || app?.organization !== settings.organization) return;
      const id = ulid(clock.nowMs());
      world.events.set(id, {
        id,
        machine: machine.id,
        source: `https://api.machines.dev/v1/apps/${machine.app}/machines/${machine.id}`,
        type: `io.fly.machine.${machine.state}`,
        timeMs: clock.nowMs(),
        body: JSON.stringify({
          machine_id: machine.id,
          status: machine.state,
          data: { app: machine.app, instance_id: machine.instanceId, previous_status: previous, ...data },
        }),
        attempts: 0,
      });
      pump(machine.id);
    },
    resume() {
      for (const machine of new Set([...world.events.values()].map((one) => one.machine))) pump(machine);
    },
    idle() {
      return new Promise((resolve) => {
        idlers.add(resolve);
        settleIdle();
      });
    },
    close() {
      closed = true;
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
      settleIdle();
    },
  };
}
