import type { ServerResponse } from 'node:http';
import { asHangarError, renderError, type DirectContext } from '@hangar/http';
import { markHead } from '../answer/head.ts';
import type { Auditor, AuditSubject } from '../note/audit.ts';

/** Writes a refusal, or a failure, on node:http's own object, after its audit row. */
export async function refuseDirectly(
  thrown: unknown,
  subject: AuditSubject,
  way: { readonly outgoing: ServerResponse; readonly context: DirectContext; readonly audit: Auditor },
): Promise<void> {
  const { outgoing, context, audit } = way;
  const error = asHangarError(thrown);
  if (outgoing.headersSent) {
    outgoing.destroy();
    return;
  }
  context.onError?.(error);
  const { status, headers, text } = renderError(error, context.requestId);
  if (subject.caller !== undefined) await audit.wrote(subject, context, error.code, { status });
  outgoing.writeHead(
    status,
    markHead({ ...headers }, { requestId: context.requestId, environment: undefined }),
  );
  context.answered(status);
  outgoing.end(text);
}
