import type { Environment, Machine, Workspace } from '../nouns.ts';
import type { Change } from '../ports.ts';
import { Bounded } from './bounded.ts';

/** Knowledge older than three readings of the feed counts as lost: nothing is answered from it. */
export const STALE_AFTER_MS = 750;

const MOST_ENVIRONMENTS = 20_000;
const MOST_WORKSPACES = 20_000;
const MOST_MACHINES = 50_000;

/** Rows as they were read, to be remembered together. */
export interface Rows {
  readonly environment?: Environment | undefined;
  readonly workspace?: Workspace | undefined;
  readonly machine?: Machine | undefined;
}

/** Names the time at which a reading began. */
export type Era = number & { readonly era: true };

/**
 * What is remembered between requests: environments by name, workspaces, and whose a machine is. It is true as of the last
 * reading of the feed of changes, and while that is not fresh nothing is in it. That there is no such name is never
 * remembered.
 */
export class LocatorMemory {
  readonly #environments = new Bounded<string, Environment>(MOST_ENVIRONMENTS);
  readonly #names = new Map<string, string>();
  readonly #workspaces = new Bounded<bigint, Workspace>(MOST_WORKSPACES);
  readonly #machines = new Bounded<string, Machine>(MOST_MACHINES);
  readonly #monotonicMs: () => number;
  #knownAt = Number.NEGATIVE_INFINITY;
  #era = 0;

  /** @param monotonicMs a clock that never jumps: one that is set back must not make old knowledge look new */
  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  isFresh(): boolean {
    return this.#monotonicMs() - this.#knownAt <= STALE_AFTER_MS;
  }

  environment(name: string): Environment | undefined {
    return this.isFresh() ? this.#environments.get(name) : undefined;
  }

  workspace(number: bigint): Workspace | undefined {
    return this.isFresh() ? this.#workspaces.get(number) : undefined;
  }

  machine(id: string): Machine | undefined {
    return this.isFresh() ? this.#machines.get(id) : undefined;
  }

  /** To be asked before rows are read that shall be remembered; undefined while nothing can be. */
  begin(): Era | undefined {
    return this.isFresh() ? (this.#era as Era) : undefined;
  }

  /** Keeps what was read since `begin`, unless anything was forgotten meanwhile: it might be older than that. */
  remember(era: Era | undefined, { environment, workspace, machine }: Rows): void {
    if (era !== this.#era || !this.isFresh()) return;
    if (environment) {
      this.#names.set(environment.id, environment.name);
      const gone = this.#environments.set(environment.name, environment);
      if (gone) this.#names.delete(gone.id);
    }
    if (workspace) this.#workspaces.set(workspace.number, workspace);
    if (machine) this.#machines.set(machine.id, machine);
  }

  /** Forgets what changed; `askedAt` is when the feed was asked, not when it answered. */
  apply(changes: readonly Change[], askedAt: number): void {
    for (const change of changes) this.forget(change);
    this.#knownAt = askedAt;
  }

  forget({ kind, subject }: Change): void {
    this.#era += 1;
    switch (kind) {
      case 'environment': {
        const name = this.#names.get(subject);
        this.#names.delete(subject);
        if (name !== undefined) this.#environments.delete(name);
        return;
      }
      case 'workspace':
        return this.#workspaces.delete(BigInt(subject));
      case 'machine':
        return this.#machines.delete(subject);
    }
  }

  /** The feed was late or cannot be continued: all is forgotten, until it stands again. */
  lost(): void {
    this.#era += 1;
    this.#knownAt = Number.NEGATIVE_INFINITY;
    this.#environments.clear();
    this.#names.clear();
    this.#workspaces.clear();
    this.#machines.clear();
  }
}
