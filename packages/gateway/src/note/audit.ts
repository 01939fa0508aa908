import type { AuthenticatedCaller, Task } from '@hangar/contract';
import { type RequestContext } from '@hangar/http';
import { sha256Hex } from '@hangar/security';
import type { RequestPlan } from '../request/plan.ts';
import type { Deps } from '../deps.ts';
import type { AuditEntry } from '../ports.ts';
import { AuditQueue } from './audit-queue.ts';
import { AuditedChange, BEGUN, type RowState } from './audited-change.ts';
import { queryValues } from '../request/target.ts';

/** What is known about a request when it ends; filled in on its way. */
export interface AuditSubject extends RowState {
  plan?: RequestPlan;
  caller?: AuthenticatedCaller;
}

type Facts = Pick<
  AuditEntry,
  'workspace' | 'tokenId' | 'branch' | 'action' | 'resource' | 'outcome' | 'status'
>;

interface Answered {
  readonly status: number;
  readonly headers?: Headers;
}

/** Writes the audit trail. */
export interface Auditor {
  /** The row of a request that changes something, for whoever commits a part of the change. Undefined for one that only reads. */
  changeOf(subject: AuditSubject, door: RequestContext): AuditedChange | undefined;
  /** Settles when the row of a change is written; that of a read or of a refusal is left for {@link Auditor.later}. */
  wrote(subject: AuditSubject, door: RequestContext, outcome: string, answer: Answered): Promise<void>;
  /** For what had no effect: its row is written behind the answer, together with others. */
  later(subject: AuditSubject, door: RequestContext, outcome: string, answer: Answered): void;
  /** Settles when the rows that waited are written. */
  flush(): Promise<void>;
}

/**
 * One row per request of a known caller that changes something, reveals secret values, or was refused. Plain reads that
 * went well leave none, nor does what only asked others. What is refused again and again, as by a client that repeats
 * blindly, is one row a minute with a count; so is the refreshing of a lease. The row of a change is committed with our own row that it changes, where there is
 * one, and stands before its answer goes out; one that cannot be written never changes an answer whose effect has happened
 * (docs/specs/gateway.md#audit).
 */
export function createAuditor({ store, now, log }: Deps): Auditor {
  const queue = new AuditQueue({ store, log });
  const entryOf: (...request: Parameters<Auditor['later']>) => AuditEntry | undefined = (
    { plan, caller, openKey },
    door,
    outcome,
    { status, headers },
  ) => {
    if (!plan || !caller) return undefined;
    const reveals = queryValues(plan.query, 'show_secrets').length > 0;
    const changes = plan.route.method !== 'GET' && plan.route.asksOthers !== true;
    if (outcome === 'ok' && !changes && !reveals) return undefined;
    const facts: Facts = {
      workspace: caller.workspace,
      tokenId: caller.tokenId,
      branch: caller.branch,
      action: plan.route.id,
      resource: Object.values(plan.params).join('/'),
      outcome,
      status,
    };
    const at = now();
    return {
      ...facts,
      at,
      lastAt: at,
      count: 1,
      requestId: door.requestId,
      upstreamRequestId: headers?.get('fly-request-id') ?? undefined,
      sameAs:
        openKey === undefined && repeats(plan, status) ? sha256Hex(sameness(facts).join('\n')) : undefined,
      openKey,
    };
  };
  return {
    changeOf(subject, door) {
      if (subject.plan?.route.method === 'GET') return undefined;
      return new AuditedChange(subject, {
        begin: (openKey) => entryOf({ ...subject, openKey }, door, BEGUN, { status: 0 }),
        end: (status) => entryOf(subject, door, 'ok', { status }),
        now,
      });
    },
    async wrote(subject, door, outcome, answer) {
      const entry = entryOf(subject, door, outcome, answer);
      if (!entry || subject.isEnded) return;
      const isOpen = entry.openKey !== undefined;
      if (subject.plan && !isOpen && !mayHaveChanged(subject.plan, answer.status)) return queue.add(entry);
      try {
        await store.writeAudit([entry]);
      } catch (err) {
        log.error(
          { request: door.requestId, action: entry.action, err },
          'an audit entry could not be written',
        );
      }
    },
    later(...request) {
      const entry = entryOf(...request);
      if (entry) queue.add(entry);
    },
    flush: async () => await queue.flush(),
  };
}

function mayHaveChanged({ route }: RequestPlan, status: number): boolean {
  return route.method !== 'GET' && route.asksOthers !== true && (status < 400 || status >= 500);
}

/**
 * Each change is a row of its own, and so is each that failed: it may have happened all the same. What changed nothing, or
 * only says "still there", is counted.
 */
function repeats({ route }: RequestPlan, status: number): boolean {
  if (route.id === 'leases.take') return true;
  return status >= 500 ? route.method === 'GET' : status >= 400;
}

/** Refusals of what need not exist: a name that is made up anew each time must not be a row each time. */
const GUESSES: readonly string[] = ['not_found', 'invalid'];

/** What must be equal in two rows that are one. A holder makes branches of a token at will, so refusals go by the token. */
function sameness({ resource, branch, ...facts }: Facts): readonly unknown[] {
  const subject = GUESSES.includes(facts.outcome) ? undefined : resource;
  return [...Object.values(facts), subject, facts.status < 400 ? branch : undefined];
}

/** Longer than a year, so that last year's quarter can be compared with this one's. */
export const AUDIT_DAYS = 400;
const DAY_MS = 86_400_000;
/** Rows that go in one statement: a table that was never pruned must not be locked for minutes. */
const DROP_BATCH = 5000;

/** Deletes what is older than the trail goes back. */
export function auditTask({ store, now, auditDays }: Deps): Task {
  return {
    name: 'gateway-audit',
    everySeconds: 3600,
    async run(signal) {
      const before = new Date(now().getTime() - auditDays * DAY_MS);
      let dropped = DROP_BATCH;
      while (dropped === DROP_BATCH && !signal.aborted)
        dropped = await store.dropAudit({ before, limit: DROP_BATCH });
    },
  };
}
