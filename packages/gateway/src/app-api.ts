import { HangarError } from '@hangar/http';
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
import { findMachine } from './metering/find-machine.ts';
import { lookAtMachine } from './metering/look.ts';
import type { Deps } from './deps.ts';
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
export function createEnvironments(deps: Deps): Environments {
  const { store } = deps;
  return {
    async list(workspace) {
      const machines = await store.machinesIn(workspace);
      return (await store.environmentsOf(workspace)).map((environment) => {
        const own = machines.filter((machine) => machine.environment === environment.id);
        return { environment, machines: own, power: powerOf(own) };
      });
    },
    async quarantineAll(workspace, deleteAfter) {
      await store.closeWorkspace(workspace, deps.now());
      const open: string[] = [];
      for (const environment of await store.environmentsOf(workspace)) {
        const shut =
          environment.phase === 'ready' || environment.phase === 'quarantined'
            ? quarantine(environment.id, deleteAfter, deps)
            : deleteEnvironment(environment, 0, deps);
        if (!(await succeeds(shut, environment, deps))) open.push(environment.name);
      }
      if (open.length === 0) return;
      throw new HangarError('upstream_failed', { detail: `still to be shut off: ${open.join(', ')}` });
    },
    async deleteAll(workspace) {
      await store.closeWorkspace(workspace, deps.now());
      const left: string[] = [];
      for (const environment of await store.environmentsOf(workspace)) {
        const gone = deleteEnvironment(environment, 0, deps);
        if (!(await succeeds(gone, environment, deps))) left.push(environment.name);
      }
      if (left.length === 0) return;
      throw new HangarError('upstream_failed', { detail: `still to be deleted: ${left.join(', ')}` });
    },
    async observe({ machine_id: id }) {
      const found = await findMachine(id, deps);
      if (!found) return undefined;
      const { environment, machine } = found;
      if (machine) await lookAtMachine(environment, machine, deps);
      return await powerChange(environment, deps);
    },
    async usage({ workspace, from, to, granularity }) {
      const intervals = await store.intervalsIn({ workspace, from, to });
      return cutUsage(intervals, { from, to, now: deps.now(), ...(granularity ? { granularity } : {}) });
    },
  };
}

/** One environment that cannot be ended now, such as one that is being made, does not keep the others from their end. */
async function succeeds(ended: Promise<boolean>, { id }: Environment, { log }: Deps): Promise<boolean> {
  try {
    return await ended;
  } catch (error) {
    log.warn({ environment: id, err: error }, 'an environment could not be ended with its extension yet');
    return false;
  }
}

async function powerChange(environment: Environment, { store }: Deps): Promise<PowerChange | undefined> {
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
