import type { Task } from '@hangar/contract';
import { HangarError } from '@hangar/http';
import { visibleEnvironments } from './operations/environments.ts';
import { deleteEnvironment } from './making/delete-environment.ts';
import { quarantine } from './making/quarantine.ts';
import {
  hasFailed,
  isGone,
  powerOf,
  type Environment,
  type Machine,
  type Power,
  type Workspace,
} from './nouns.ts';
import type { Answer, Exchange, HandlerParts } from './upstream/exchange.ts';
import { findMachine } from './metering/find-machine.ts';
import { invalid } from './rules/machine-config.ts';
import { lookAtMachine, lookAtMachines } from './metering/observe.ts';
import type { Parts } from './deps.ts';
import { queryValues } from './request/target.ts';
import { cutUsage, type Granularity, type UsageRecord } from './metering/usage.ts';

/** What a machine event did to a workspace. */
export interface PowerChange {
  readonly workspace: Workspace;
  readonly environment: string;
  /** The environment's power now. */
  readonly power: Power;
  /** The power of the whole workspace: that of its busiest environment. */
  readonly workspacePower: Power;
  /** Machines of the workspace that are down, or go down again and again, without having been asked to. */
  readonly failed: readonly Machine[];
}

/** An environment with the machines it has. */
export interface EnvironmentSummary {
  readonly environment: Environment;
  readonly machines: readonly Machine[];
  readonly power: Power;
}

/** What the app may do with environments without a token: it acts for the extension they belong to. */
export interface Environments {
  /** Live environments, oldest first. */
  list(workspace: bigint): Promise<readonly EnvironmentSummary[]>;
  /**
   * Closes a workspace to all requests, shuts off its storage keys and stops its machines. The data lives until
   * `deleteAfter`, and is then deleted by the recovery task, which also stops machines that would not stop yet.
   * @throws HangarError `upstream_failed` naming what is not shut off yet; it may be called again, and the recovery task
   *   goes on
   */
  quarantineAll(workspace: bigint, deleteAfter: Date): Promise<void>;
  /**
   * Deletes everything in a workspace and closes it to new requests.
   * @throws HangarError `upstream_failed` naming what is left; it may be called again, and the recovery task goes on
   */
  deleteAll(workspace: bigint): Promise<void>;
  /**
   * Takes up a machine event. The event only says where to look: the machine is read again upstream, so a late, doubled
   * or forged event changes nothing. Undefined when the machine is in no environment.
   */
  observe(event: { readonly machine_id: string }): Promise<PowerChange | undefined>;
  /** What machines used in a span, cut at hours or days; the same for every call once the span is over. */
  usage(wanted: {
    workspace: bigint;
    from: Date;
    to: Date;
    granularity?: Granularity;
  }): Promise<readonly UsageRecord[]>;
}

/** Makes the operations of the app on environments. */
export function createEnvironments(parts: Parts): Environments {
  const { store } = parts;
  return {
    async list(workspace) {
      const machines = await store.machinesIn(workspace);
      return (await store.environmentsOf(workspace)).map((environment) => {
        const own = machines.filter((machine) => machine.environment === environment.id);
        return { environment, machines: own, power: powerOf(own) };
      });
    },
    async quarantineAll(workspace, deleteAfter) {
      await store.closeWorkspace(workspace, parts.now());
      const open: string[] = [];
      for (const environment of await store.environmentsOf(workspace)) {
        const shut =
          environment.phase === 'ready' || environment.phase === 'quarantined'
            ? quarantine(environment.id, deleteAfter, parts)
            : deleteEnvironment(environment, 0, parts);
        if (!(await succeeds(shut, environment, parts))) open.push(environment.name);
      }
      if (open.length === 0) return;
      throw new HangarError('upstream_failed', { detail: `still to be shut off: ${open.join(', ')}` });
    },
    async deleteAll(workspace) {
      await store.closeWorkspace(workspace, parts.now());
      const left: string[] = [];
      for (const environment of await store.environmentsOf(workspace)) {
        const gone = deleteEnvironment(environment, 0, parts);
        if (!(await succeeds(gone, environment, parts))) left.push(environment.name);
      }
      if (left.length === 0) return;
      throw new HangarError('upstream_failed', { detail: `still to be deleted: ${left.join(', ')}` });
    },
    async observe({ machine_id: id }) {
      const found = await findMachine(id, parts);
      if (!found) return undefined;
      const { environment, machine } = found;
      if (machine) await lookAtMachine(environment, machine, parts);
      return await powerChange(environment, parts);
    },
    async usage({ workspace, from, to, granularity }) {
      const intervals = await store.intervalsIn({ workspace, from, to });
      return cutUsage(intervals, { from, to, now: parts.now(), ...(granularity ? { granularity } : {}) });
    },
  };
}

/** One environment that cannot be ended now, such as one that is being made, does not keep the others from their end. */
async function succeeds(ended: Promise<boolean>, { id }: Environment, { log }: Parts): Promise<boolean> {
  try {
    return await ended;
  } catch (error) {
    log.warn({ environment: id, err: error }, 'an environment could not be ended with its extension yet');
    return false;
  }
}

async function powerChange(environment: Environment, { store }: Parts): Promise<PowerChange | undefined> {
  const workspace = await store.workspace(environment.workspace);
  if (!workspace) return undefined;
  const machines = await store.machinesIn(workspace.number);
  return {
    workspace,
    environment: environment.id,
    power: powerOf(machines.filter((machine) => machine.environment === environment.id)),
    workspacePower: powerOf(machines),
    failed: machines.filter((machine) => !isGone(machine.state) && hasFailed(machine)),
  };
}

const defaultSpanMs = 86_400_000;
const longestSpanMs = 32 * 86_400_000;

/** `GET /hangar/v1/usage?from=&to=&granularity=`: of what the token may see; the last 24 hours by default. */
export async function readUsage(exchange: Exchange, parts: HandlerParts): Promise<Answer> {
  const { query } = exchange.plan;
  const now = parts.now();
  const to = instant(query, 'to') ?? now;
  const from = instant(query, 'from') ?? new Date(to.getTime() - defaultSpanMs);
  if (from >= to) throw invalid('from', 'must be before to');
  if (to.getTime() - from.getTime() > longestSpanMs) throw invalid('from', 'at most 32 days before to');
  const granularity = queryValues(query, 'granularity')[0] ?? 'hour';
  if (granularity !== 'hour' && granularity !== 'day') throw invalid('granularity', 'hour or day');
  const visible = new Set((await visibleEnvironments(exchange, parts, from)).map(({ id }) => id));
  const intervals = await parts.store.intervalsIn({ workspace: exchange.caller.workspace.number, from, to });
  const records = cutUsage(
    intervals.filter(({ environment }) => visible.has(environment)),
    { from, to, now, granularity },
  );
  const rows = records.map(({ id, environment, meter, cpuKind, quantity, confidence, ...span }) => {
    return {
      id,
      environment,
      meter,
      cpu_kind: cpuKind,
      from: span.from.toISOString(),
      to: span.to.toISOString(),
      quantity,
      confidence,
    };
  });
  return { status: 200, json: { complete_through: (to < now ? to : now).toISOString(), rows } };
}

function instant(query: Exchange['plan']['query'], name: string): Date | undefined {
  const given = queryValues(query, name)[0];
  if (given === undefined) return undefined;
  const time = Date.parse(given);
  if (Number.isNaN(time)) throw invalid(name, 'a time in ISO 8601 is needed');
  return new Date(time);
}

/** Looks at all machines now and then: events may be lost, and a machine may be made behind the gateway's back. */
export function powerTask(parts: Parts): Task {
  return {
    name: 'gateway-power',
    everySeconds: 300,
    async run(signal) {
      for (const environment of await parts.store.environmentsWithMachines()) {
        if (signal.aborted) return;
        await lookAtMachines(environment, parts);
      }
    },
  };
}
