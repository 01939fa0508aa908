import type { Simulation } from '../../simulation.ts';
import type { Machine } from '../../world/platform.ts';
import { isSettled } from './lifecycle.ts';
import { invalidArgument, Refusal } from '../request/refusal.ts';
import type { JsonObject } from '../../world/json.ts';

const WAITABLE: ReadonlySet<string> = new Set([
  'started',
  'stopped',
  'suspended',
  'destroyed',
  'failed',
  'settled',
]);

const LONGEST_WAIT_SECONDS = 60;

/** What `GET …/wait` was asked for. */
export interface WaitQuestion {
  readonly states: readonly string[];
  readonly version?: string;
  readonly fromEventId?: string;
  readonly timeoutSeconds: number;
}

/** Reads the query of a wait. Throws a 400 refusal for an unknown state or a time outside 1 to 60 s. */
export function waitQuestion(query: URLSearchParams): WaitQuestion {
  const states = query.getAll('state').flatMap((one) => one.split(','));
  for (const state of states) {
    if (!WAITABLE.has(state)) throw invalidArgument(`state '${state}' cannot be waited for`);
  }
  const timeout = query.get('timeout');
  const timeoutSeconds = timeout === null ? LONGEST_WAIT_SECONDS : Number(timeout.replace(/s$/, ''));
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > LONGEST_WAIT_SECONDS) {
    throw invalidArgument('timeout must be between 1s and 60s');
  }
  const version = query.get('version') ?? query.get('instance_id');
  const fromEventId = query.get('from_event_id');
  return {
    states: states.length > 0 ? states : ['started'],
    timeoutSeconds,
    ...(version ? { version } : {}),
    ...(fromEventId ? { fromEventId } : {}),
  };
}

/** Answers when the machine is in one of the states; 408 at the deadline, naming the state it is in. */
export async function waitForState(
  simulation: Simulation,
  machine: Machine,
  question: WaitQuestion,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { clock, lifecycle } = simulation;
  const deadlineMs = clock.nowMs() + question.timeoutSeconds * 1000;
  const tooLate = (present: string): Refusal =>
    new Refusal(
      408,
      `deadline_exceeded: machine failed to reach desired state, ${question.states.join(',')}, currently ${present}`,
    );
  for (;;) {
    const replaced = question.version !== undefined && question.version !== machine.instanceId;
    if (replaced) throw tooLate('replaced');
    if (reached(machine, question)) {
      return {
        ok: true,
        state: machine.state,
        version: machine.instanceId,
        event_id: [...machine.events.keys()].at(-1) ?? '',
      };
    }
    if (clock.nowMs() >= deadlineMs || signal.aborted) throw tooLate(machine.state);
    const enough = new AbortController();
    const change = lifecycle.changed(machine.id);
    const stop = (): void => enough.abort();
    signal.addEventListener('abort', stop, { once: true });
    await Promise.race([change.promise, clock.sleep(deadlineMs - clock.nowMs(), enough.signal)]);
    change.forget();
    enough.abort();
    signal.removeEventListener('abort', stop);
  }
}

/** Who makes a machine with `skip_launch` then waits for it to be stopped, as flyctl does for a release command: it rests and can be started. */
function stateNames(machine: Machine): readonly string[] {
  return machine.state === 'created' && isSettled(machine) ? ['created', 'stopped'] : [machine.state];
}

function reached(machine: Machine, question: WaitQuestion): boolean {
  const settled = question.states.includes('settled') && isSettled(machine);
  if (!settled && !stateNames(machine).some((name) => question.states.includes(name))) return false;
  if (question.fromEventId === undefined) return true;
  const at = [...machine.events.keys()].indexOf(question.fromEventId);
  return at < machine.events.size - 1;
}
