import type { IncomingMessage } from 'node:http';
import type { TokenVerifier } from '@hangar/contract';
import { ok, type Direct, type HangarError, type Result } from '@hangar/http';
import { CleanedAnswers } from '../answer/cleaned-answers.ts';
import { decide } from '../decide/decide.ts';
import type { Deps } from '../deps.ts';
import { LocatedRequest } from '../locate/located-request.ts';
import type { Auditor, AuditSubject } from '../note/audit.ts';
import type { MachineNotes } from '../note/machine-notes.ts';
import { act } from '../operations/handlers.ts';
import { AuthenticRequest } from '../request/authentic-request.ts';
import { planRequest } from '../request/plan.ts';
import type { Reply } from '../request/route.ts';
import { WholeRequest } from '../request/whole-request.ts';
import type { OrganizationRule } from '../policy/org-policy.ts';
import type { Settle } from '../settle.ts';
import { Exchange, JUDGED_MS } from '../upstream/exchange.ts';
import { DirectAnswer } from './direct-answer.ts';
import { GatheredBytes } from './gathered-bytes.ts';
import { refuseDirectly } from './refuse.ts';
import { IncomingHeaders } from './incoming-headers.ts';

/** What the direct door works with beside the rest. */
export interface DirectDeps extends Deps {
  readonly verifier: TokenVerifier;
  readonly rule: OrganizationRule;
  readonly notes: MachineNotes;
  readonly settle: Settle;
  readonly audit: Auditor;
}

/** Answers of these kinds need no look at the rows, neither before nor after. */
const REPLIES: readonly Reply[] = ['stream', 'machine', 'machines', 'versions', 'metadata'];

/**
 * The same walk as behind `fetch`, for a GET that has no body. Where token, workspace, environment and machine are known by
 * heart, and the request is sent on, it waits for nothing but upstream, and no object of the fetch standard is made.
 * Refusals are written as they are. What the gateway answers itself, and whatever is unusual about an answer, is handed
 * over with the decision that was made: the caveats are asked once.
 */
export function createDirect(deps: DirectDeps): Direct {
  const answers = new CleanedAnswers();
  const gathered = new GatheredBytes();
  return (incoming, outgoing, context) => {
    if (!isPlainRead(incoming)) return false;
    const subject: AuditSubject = {};
    const refuse = (thrown: unknown): void => {
      try {
        refuseDirectly(thrown, subject, { outgoing, context, audit: deps.audit });
      } catch (err) {
        deps.log.error({ request: context.requestId, err }, 'a refusal could not be written');
        outgoing.destroy();
      }
    };
    const planned = planRequest('GET', context.rawTarget);
    if (!planned.ok) {
      refuse(planned.reason);
      return true;
    }
    let signal: AbortSignal | undefined;
    const head = {
      method: 'GET',
      headers: new IncomingHeaders(incoming),
      signal: () => signal ?? new AbortController().signal,
    };
    const whole = WholeRequest.withoutBody(planned.value, head, context);
    subject.plan = planned.value;

    const proceed = (located: LocatedRequest, isTrueNow: boolean): void => {
      subject.caller = located.caller.verified;
      const permit = decide(located);
      if (!permit.ok) return refuse(permit.reason);
      const handOver = (answer: () => Promise<Response>): void =>
        context.handOver(async (given) => {
          signal = given;
          return await deps.settle(subject, context, 'GET', answer);
        });
      const reply = isTrueNow ? directReply(located, deps) : undefined;
      const way = reply && { reply, outgoing, context, handOver, answers, gathered };
      if (way) new DirectAnswer(permit.value, way, deps).send();
      else handOver(async () => await act(Exchange.open(permit.value, deps), deps));
    };
    const find = async (authentic: AuthenticRequest): Promise<void> => {
      const found = await LocatedRequest.find(authentic, deps);
      proceed(found, deps.now().getTime() - found.lookedAt.getTime() < JUDGED_MS);
    };
    const goOn = (judged: Result<AuthenticRequest, HangarError>): void => {
      if (!judged.ok) return refuse(judged.reason);
      subject.caller = judged.value.verified;
      // What is known by heart is true at this moment, and is decided and sent in it.
      const recalled = LocatedRequest.recall(judged.value, deps);
      if (recalled) proceed(recalled, true);
      else find(judged.value).catch(refuse);
    };
    try {
      const known = AuthenticRequest.recall(whole, deps.verifier);
      const judged = known ? ok(known) : AuthenticRequest.verdict(whole, deps.verifier);
      if (judged instanceof Promise) judged.then(goOn).catch(refuse);
      else goOn(judged);
    } catch (thrown) {
      refuse(thrown);
    }
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

/** How the answer to a request is treated that needs no look at the rows from here on; undefined where one is needed. */
function directReply(located: LocatedRequest, { memory }: DirectDeps): Reply | undefined {
  const { route, params, query } = located.authentic.whole.plan;
  const { environment } = located.caller;
  const { treatment } = route;
  const { machine, volume } = params;
  if (treatment.kind !== 'forward' || environment === undefined || volume !== undefined) return undefined;
  if (machine !== undefined && memory.machine(machine)?.environment !== environment.id) return undefined;
  // Reading secret values is as strong as writing them, and leaves an audit row.
  if (query.some(([name]) => name === 'show_secrets')) return undefined;
  return REPLIES.includes(treatment.reply) ? treatment.reply : undefined;
}
