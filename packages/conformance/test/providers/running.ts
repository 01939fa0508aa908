import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A provider that serves, and what the tester has to know about it. */
export interface Running {
  readonly baseUrl: string;
  /** Where its own side is told to change something. */
  readonly triggerUrl: string;
  close(): Promise<void>;
}

/** Secrets that Fly.io would have handed out. */
export const SECRETS = {
  provisioning: 'conformance-provisioning-secret',
  second: 'conformance-provisioning-second',
  webhook: 'conformance-webhook-secret',
  oauth: 'conformance-oauth-client-secret',
} as const;

export const CLIENT_ID = 'conformance-client';
export const SLUG = 'logjam';

/** Serves on that port of this machine until it is closed. */
export async function serveAt(
  port: number,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<() => Promise<void>> {
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}

/** The whole body of a request. */
export async function bodyOf(
  request: IncomingMessage,
  most = Number.POSITIVE_INFINITY,
): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    // Read on, so that the answer arrives; kept is nothing of it.
    if (bytes <= most) parts.push(part);
  }
  return bytes > most ? undefined : Buffer.concat(parts);
}
