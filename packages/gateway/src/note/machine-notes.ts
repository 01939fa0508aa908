import type { MachineWire } from '@hangar/flyio';
import { asHangarError } from '@hangar/http';
import type { Deps } from '../deps.ts';
import { noteMachine, noteMounts } from '../metering/observe.ts';

/** How long a note waits for others. What is lost when a process dies meanwhile is made good by the next look. */
const WAIT_MS = 100;
/** So long later it is tried again when the database was away. */
const AWAY_MS = 1_000;
/** More than this waits only while the database is away; the oldest goes, and the sweep finds what it told. */
const MOST_NOTES = 10_000;

/** A machine as it was seen. */
interface Note {
  readonly seen: MachineWire;
  readonly environment: string;
  readonly at: Date;
  /** It was asked for alone, so that its mounts were shown. */
  readonly isWhole: boolean;
}

/**
 * Notes of machines that passed by, written after their answers: the newest of each machine, and the newest that shows it
 * whole, since a list leaves out what that tells.
 */
export class MachineNotes {
  readonly #deps: Pick<Deps, 'store' | 'log'>;
  #waiting = new Map<string, Note>();
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: Pick<Deps, 'store' | 'log'>) {
    this.#deps = deps;
  }

  add(note: Note): void {
    const key = keyOf(note);
    this.#waiting.delete(key);
    this.#waiting.set(key, note);
    this.#dropOldest();
    this.#flushAfter(WAIT_MS);
  }

  /** Settles when all that was added before has been written. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const notes = this.#waiting;
    this.#waiting = new Map<string, Note>();
    this.#writing = this.#writing.then(async () => await this.#write(notes));
    await this.#writing;
  }

  async #write(notes: ReadonlyMap<string, Note>): Promise<void> {
    const { store, log } = this.#deps;
    if (this.#dropped > 0) log.warn({ notes: this.#dropped }, 'machines were seen and not taken note of');
    this.#dropped = 0;
    for (const { seen, environment, at, isWhole } of notes.values()) {
      try {
        await noteMachine(seen, environment, { store, now: () => at });
        if (isWhole) await noteMounts(seen, environment, { store, now: () => at });
      } catch (error) {
        if (asHangarError(error).code === 'unavailable') return this.#putBack(notes, error);
        log.warn({ machine: seen.id, err: error }, 'a machine was seen and could not be taken note of');
      }
    }
  }

  /** The same bytes are no news to whoever cleans answers, so that nobody would tell it again. Twice written is harmless. */
  #putBack(notes: ReadonlyMap<string, Note>, error: unknown): void {
    this.#deps.log.warn({ notes: notes.size, err: error }, 'machines were seen while the database is away');
    this.#waiting = new Map([...notes, ...this.#waiting]);
    this.#dropOldest();
    this.#flushAfter(AWAY_MS);
  }

  #dropOldest(): void {
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MOST_NOTES) return;
      this.#waiting.delete(oldest);
      this.#dropped += 1;
    }
  }

  #flushAfter(ms: number): void {
    this.#timer ??= setTimeout(() => void this.flush(), ms).unref();
  }
}

function keyOf({ seen, isWhole }: Note): string {
  return isWhole ? `${seen.id} whole` : seen.id;
}
