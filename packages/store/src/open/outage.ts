import { HangarError } from '@hangar/http';
import { sqlState } from '../database.ts';

/** Why the database cannot do what it is asked, through no fault of the statement. Each is the reason in words. */
const OUTAGES = {
  lost: 'the database cannot be reached',
  readOnly: 'the database is read-only',
  full: 'the database has no space left',
} as const;

/** SQLSTATE of Postgres: connections that are refused or end (class 08, 57P0x, 53300), then what cannot be written. */
const STATES: readonly (readonly [RegExp, keyof typeof OUTAGES])[] = [
  [/^08|^57P0[1235]$|^53300$|^25P03$/, 'lost'],
  [/^25006$/, 'readOnly'],
  [/^53[12]00$/, 'full'],
];

/** The same from the operating system, as Node names it. */
const CODES: Readonly<Record<string, keyof typeof OUTAGES>> = {
  ECONNREFUSED: 'lost',
  ECONNRESET: 'lost',
  EPIPE: 'lost',
  ETIMEDOUT: 'lost',
  ENOTFOUND: 'lost',
  EAI_AGAIN: 'lost',
  EHOSTUNREACH: 'lost',
  ENETUNREACH: 'lost',
  ENOENT: 'lost',
  EROFS: 'readOnly',
  ENOSPC: 'full',
  EDQUOT: 'full',
};

/** The driver's own words for a connection that went away; it gives them no code. */
const LOST =
  /^(?:Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect)/;

/**
 * A database that is away, read-only or full is `unavailable`, to be tried again, and no defect; every other error is
 * passed on as it came.
 */
export function asOutage(error: unknown): unknown {
  const kind = error instanceof HangarError ? undefined : outageOf(error);
  return kind === undefined ? error : new HangarError('unavailable', { detail: OUTAGES[kind], cause: error });
}

function outageOf(error: unknown): Outage | undefined {
  const state = sqlState(error);
  const byState = STATES.find(([form]) => state !== undefined && form.test(state));
  if (byState !== undefined) return byState[1];
  for (let current: unknown = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string' && CODES[code] !== undefined) return CODES[code];
    if (LOST.test(current.message)) return 'lost';
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return undefined;
}

/** Why the database could not do what it was asked. */
export type Outage = keyof typeof OUTAGES;

/**
 * A driver's client whose every promise is rejected with {@link asOutage} of what the driver says.
 *
 * @param heard called before a call is rejected for an outage.
 */
export function reportingOutages<T extends object>(client: T, heard: (outage: Outage) => void): T {
  return new Proxy(client, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, args);
        return result instanceof Promise
          ? result.catch((error: unknown) => {
              const outage = error instanceof HangarError ? undefined : outageOf(error);
              if (outage !== undefined) heard(outage);
              throw asOutage(error);
            })
          : result;
      };
    },
  });
}
