import type { Clock } from '@hangar/http';
import type { AuditEntry } from '../ports.ts';
import { newUlid } from '../rules/naming.ts';

/** Its outcome until there is an answer. A process that dies leaves the row so: the change was begun, and nobody was answered. */
export const BEGUN = 'begun';

/** Where the row of a request stands. */
export interface RowState {
  /** Names the row that a transaction of ours has opened, or may have. */
  openKey?: string | undefined;
  /** It is written to its end. */
  isEnded?: boolean;
}

/** The row of a request that changes something, for the transactions of ours in which it does (docs/specs/gateway.md#audit). */
export class AuditedChange {
  readonly #state: RowState;
  readonly #begin: (openKey: string) => AuditEntry | undefined;
  readonly #end: (status: number) => AuditEntry | undefined;
  readonly #now: Clock;

  constructor(
    state: RowState,
    {
      begin,
      end,
      now,
    }: {
      readonly begin: (openKey: string) => AuditEntry | undefined;
      readonly end: (status: number) => AuditEntry | undefined;
      readonly now: Clock;
    },
  ) {
    this.#state = state;
    this.#begin = begin;
    this.#end = end;
    this.#now = now;
  }

  /** See {@link opening}. */
  async open<T>(
    write: (audit: AuditEntry | undefined) => Promise<T>,
    isCommitted: (outcome: T) => boolean,
  ): Promise<T> {
    if (this.#state.openKey !== undefined) return await write(undefined);
    const openKey = newUlid(this.#now());
    this.#state.openKey = openKey;
    const outcome = await write(this.#begin(openKey));
    if (!isCommitted(outcome)) this.#state.openKey = undefined;
    return outcome;
  }

  /** Ends the row in the transaction that keeps the answer. */
  async end(status: number, write: (audit: AuditEntry | undefined) => Promise<void>): Promise<void> {
    await write(this.#end(status));
    this.#state.isEnded = true;
  }
}

/**
 * Opens the row of a request in the transaction of its change, once; without a request there is no row.
 * @param isCommitted whether the outcome says so. One that is thrown leaves that open: the end finds the row, or writes it
 */
export async function opening<T>(
  change: AuditedChange | undefined,
  write: (audit: AuditEntry | undefined) => Promise<T>,
  isCommitted: (outcome: T) => boolean,
): Promise<T> {
  return change ? await change.open(write, isCommitted) : await write(undefined);
}
