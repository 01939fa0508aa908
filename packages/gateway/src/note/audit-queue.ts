import { asHangarError, type Log } from '@hangar/http';
import type { AuditEntry, EnvironmentStore } from '../ports.ts';

/** How long a row waits for others; a process that is killed loses so much of what is queued. */
const WAIT_MS = 100;
/** So long later it is tried again when the database was away. */
const AWAY_MS = 1_000;
/** More than this waits only while the database is slow or away; then the oldest go, and the log says how many. */
const MOST_ROWS = 10_000;
/** Rows of one commit. */
const TOGETHER_ROWS = 500;
/** What is said again within this time is counted in the row that says it. */
export const AUDIT_SAME_MS = 60_000;

/** Audit rows that their answers need not wait for. What repeats is counted before it is written. */
export class AuditQueue {
  readonly #store: Pick<EnvironmentStore, 'writeAudit'>;
  readonly #log: Log;
  #waiting: AuditEntry[] = [];
  /** Where in the list those stand that may be said again. */
  #open = new Map<string, number>();
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  /** One write at a time: what comes meanwhile stays in the list, where it is counted and bounded. */
  #writing: Promise<void> | undefined;

  constructor({ store, log }: { store: Pick<EnvironmentStore, 'writeAudit'>; log: Log }) {
    this.#store = store;
    this.#log = log;
  }

  add(entry: AuditEntry): void {
    const { sameAs } = entry;
    const at = sameAs === undefined ? undefined : this.#open.get(sameAs);
    const first = at === undefined ? undefined : this.#waiting[at];
    if (at !== undefined && first && entry.at.getTime() - first.at.getTime() < AUDIT_SAME_MS) {
      this.#waiting[at] = { ...first, count: first.count + entry.count, lastAt: entry.lastAt };
      return;
    }
    if (this.#waiting.length >= MOST_ROWS) this.#dropOldest();
    this.#waiting.push(entry);
    if (sameAs !== undefined) this.#open.set(sameAs, this.#waiting.length - 1);
    this.#flushAfter(WAIT_MS);
  }

  /** Settles when all that was added before has been written, or could not be. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const entries = this.#waiting;
    this.#waiting = [];
    this.#open = new Map<string, number>();
    this.#writing = this.#write(entries);
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
      if (this.#waiting.length > 0) this.#flushAfter(WAIT_MS);
    }
  }

  async #write(entries: readonly AuditEntry[]): Promise<void> {
    if (this.#dropped > 0) this.#log.error({ rows: this.#dropped }, 'audit entries were dropped');
    this.#dropped = 0;
    for (let from = 0; from < entries.length; from += TOGETHER_ROWS) {
      const some = entries.slice(from, from + TOGETHER_ROWS);
      try {
        await this.#store.writeAudit(some);
      } catch (error) {
        if (asHangarError(error).code === 'unavailable') return this.#putBack(entries.slice(from), error);
        for (const entry of some) await this.#writeAlone(entry);
      }
    }
  }

  /** One that cannot be written must not keep the others out. */
  async #writeAlone(entry: AuditEntry): Promise<void> {
    try {
      await this.#store.writeAudit([entry]);
    } catch (err) {
      const { requestId: request, action } = entry;
      this.#log.error({ request, action, err }, 'an audit entry could not be written');
    }
  }

  #putBack(entries: readonly AuditEntry[], err: unknown): void {
    this.#log.warn({ rows: entries.length, err }, 'audit entries wait for the database');
    const since = this.#waiting;
    this.#waiting = [...entries];
    this.#open = new Map(
      entries.flatMap(({ sameAs }, at) => (sameAs === undefined ? [] : [[sameAs, at] as const])),
    );
    for (const entry of since) this.add(entry);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushAfter(AWAY_MS);
  }

  /** A tenth at once, so that a full list costs each row little. */
  #dropOldest(): void {
    const gone = MOST_ROWS / 10;
    this.#dropped += this.#waiting.slice(0, gone).reduce((sum, { count }) => sum + count, 0);
    this.#waiting = this.#waiting.slice(gone);
    const open = [...this.#open].filter(([, at]) => at >= gone);
    this.#open = new Map(open.map(([sameAs, at]) => [sameAs, at - gone]));
  }

  /** A write that is under way begins the next one itself. */
  #flushAfter(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (!this.#writing) void this.flush();
    }, ms).unref();
  }
}
