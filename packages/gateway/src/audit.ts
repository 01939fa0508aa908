import type { Door } from '@hangar/security';
import type { RequestPlan } from './request-plan.ts';
import type { Parts } from './parts.ts';
import type { VerifiedCaller } from './ports.ts';
import { queryValues } from './target.ts';

/** What is known about a request when it ends; filled in on its way. */
export interface AuditSubject {
  plan?: RequestPlan;
  caller?: VerifiedCaller;
}

/** Writes the audit trail. */
export interface Auditor {
  wrote(subject: AuditSubject, door: Door, outcome: string, response: Response): Promise<void>;
}

/**
 * One row per request of a known caller that changes something, reveals secret values, or was refused. Plain reads that
 * went well leave none. A row that cannot be written never changes an answer whose effect has happened.
 */
export function createAuditor({ store, now, log }: Parts): Auditor {
  return {
    async wrote({ plan, caller }, door, outcome, response) {
      if (!plan || !caller) return;
      const reveals = queryValues(plan.query, 'show_secrets').length > 0;
      if (outcome === 'ok' && plan.route.method === 'GET' && !reveals) return;
      try {
        await store.writeAudit({
          at: now(),
          workspace: caller.workspace,
          tokenId: caller.tokenId,
          branch: caller.branch,
          action: plan.route.id,
          resource: Object.values(plan.params).join('/'),
          outcome,
          status: response.status,
          requestId: door.requestId,
          upstreamRequestId: response.headers.get('fly-request-id') ?? undefined,
        });
      } catch (error) {
        log.error(
          { request: door.requestId, action: plan.route.id, err: error },
          'an audit entry could not be written',
        );
      }
    },
  };
}
