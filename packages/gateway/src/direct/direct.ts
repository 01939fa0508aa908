import type { IncomingMessage } from 'node:http';
import type { TokenVerifier } from '@hangar/contract';
import type { Direct } from '@hangar/http';
import { CleanedAnswers } from '../answer/cleaned-answers.ts';
import { decide } from '../decide/decide.ts';
import type { Deps } from '../deps.ts';
import { LocatedRequest } from '../locate/located-request.ts';
import type { AuditSubject } from '../note/audit.ts';
import type { MachineNotes } from '../note/machine-notes.ts';
import { AuthenticRequest } from '../request/authentic-request.ts';
import { planRequest, type RequestPlan } from '../request/plan.ts';
import type { Reply } from '../request/route.ts';
import { WholeRequest } from '../request/whole-request.ts';
import type { OrganizationRule } from '../rules/org-policy.ts';
import type { Settle } from '../settle.ts';
import { DirectAnswer } from './direct-answer.ts';
import { IncomingHeaders } from './incoming-headers.ts';

/** What the direct door works with beside the rest. */
export interface DirectDeps extends Deps {
  readonly verifier: TokenVerifier;
  readonly rule: OrganizationRule;
  readonly notes: MachineNotes;
  readonly settle: Settle;
}

/** Answers of these kinds need no look at the rows, neither before nor after. */
const REPLIES: readonly Reply[] = ['stream', 'machine', 'machines', 'versions', 'metadata'];

/**
 * The same walk as behind `fetch`, for a read that is sent on and whose token, workspace, environment and machine are
 * known by heart: it waits for nothing but upstream. Whatever is not so is left to the fetch door before the caveats were
 * asked; after that, the request is answered from here in any case.
 */
export function createDirect(deps: DirectDeps): Direct {
  const answers = new CleanedAnswers();
  return (incoming, outgoing, context) => {
    if (!isPlainRead(incoming)) return false;
    const planned = planRequest('GET', context.rawTarget);
    if (!planned.ok) return false;
    const reply = directReply(planned.value);
    if (!reply) return false;
    let signal: AbortSignal | undefined;
    const head = {
      method: 'GET',
      headers: new IncomingHeaders(incoming),
      signal: () => signal ?? new AbortController().signal,
    };
    const whole = WholeRequest.withoutBody(planned.value, head, context);
    const authentic = AuthenticRequest.recall(whole, deps.verifier);
    const located = authentic && LocatedRequest.recall(authentic, deps);
    if (!located) return false;

    const subject: AuditSubject = { plan: planned.value, caller: located.caller.verified };
    const handOver = (answer: () => Promise<Response>): void =>
      context.handOver(async (given) => {
        signal = given;
        return await deps.settle(subject, context, 'GET', answer);
      });
    const permit = decide(located);
    if (permit.ok)
      new DirectAnswer(permit.value, { reply, outgoing, context, handOver, answers }, deps).send();
    else handOver(async () => await Promise.reject(permit.reason));
    return true;
  };
}

/** A GET of which nothing but the head can come. HEAD and whatever speaks of a body go the other way. */
function isPlainRead({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers['content-encoding'] === undefined &&
    headers.expect === undefined &&
    headers.upgrade === undefined
  );
}

function directReply({ route, params, query }: RequestPlan): Reply | undefined {
  const { treatment } = route;
  if (treatment.kind !== 'forward' || params['app'] === undefined || params['volume'] !== undefined)
    return undefined;
  // Reading secret values is as strong as writing them, and leaves an audit row.
  if (query.some(([name]) => name === 'show_secrets')) return undefined;
  return REPLIES.includes(treatment.reply) ? treatment.reply : undefined;
}
