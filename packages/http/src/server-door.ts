import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestContext } from './request-context.ts';

/** What a server passes to a {@link Direct} door. */
export interface DirectContext extends RequestContext {
  /** Tells what went out, once its head is written. */
  answered(status: number): void;
  /** The fetch door's way answers after all, with this; nothing may have been written. */
  handOver(answer: (signal: AbortSignal) => Promise<Response>): void;
}

/**
 * A door that may answer straight on node:http, without the objects of the fetch standard, where that can be done without
 * waiting for anything but the answer itself. False: nothing was done, and the fetch door is to be asked.
 */
export type Direct = (incoming: IncomingMessage, outgoing: ServerResponse, context: DirectContext) => boolean;
