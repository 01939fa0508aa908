import type { ServerResponse } from 'node:http';
import { asHangarError, renderError, type DirectContext } from '@hangar/http';
import { refusalHead } from '../answer/head.ts';
import { endWith } from './end-with.ts';
import type { Auditor, AuditSubject } from '../note/audit.ts';

/** Where a refusal goes. */
export interface RefusalWay {
  readonly outgoing: ServerResponse;
  readonly context: DirectContext;
  readonly audit: Auditor;
}

/** Writes a refusal, or a failure, on node:http's own object; the audit row follows. */
export function refuseDirectly(thrown: unknown, subject: AuditSubject, way: RefusalWay): void {
  const { outgoing, context, audit } = way;
  if (outgoing.headersSent) {
    outgoing.destroy();
    return;
  }
  const error = asHangarError(thrown);
  context.onError?.(error);
  const rendered = renderError(error, context.requestId);
  const { status, text } = rendered;
  audit.later(subject, context, error.code, { status });
  // The length is told, so that head and text are one write without a frame around the text.
  outgoing.writeHead(status, refusalHead(rendered, context.requestId));
  context.answered(status);
  endWith(outgoing, text, 'utf8');
}
