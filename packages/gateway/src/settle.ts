import { asHangarError, errorResponse, type RequestContext } from '@hangar/http';
import { markAnswer } from './answer/head.ts';
import type { Auditor, AuditSubject } from './note/audit.ts';

/** Brings what a walk ends in before the caller: its answer, or what was thrown, rendered and noted. */
export type Settle = (
  subject: AuditSubject,
  door: RequestContext,
  method: string,
  answer: () => Promise<Response>,
) => Promise<Response>;

/** The end that both doors have in common. */
export function createSettle(audit: Auditor): Settle {
  return async (subject, door, method, answer) => {
    try {
      const response = await answer();
      await audit.wrote(subject, door, 'ok', response);
      return asAsked(method, response);
    } catch (thrown) {
      const error = asHangarError(thrown);
      door.onError?.(error);
      const response = errorResponse(error, door.requestId);
      markAnswer(response.headers, { requestId: door.requestId, environment: undefined });
      await audit.wrote(subject, door, error.code, response);
      return asAsked(method, response);
    }
  };
}

/** The answer as its method asked for it: HEAD wants the head alone. */
export function asAsked(method: string, response: Response): Response {
  if (method !== 'HEAD' || response.body === null) return response;
  void response.body.cancel();
  return new Response(null, { status: response.status, headers: response.headers });
}
