import { createHmac } from 'node:crypto';
import { serve, type TestServer } from './http.ts';

/** A webhook as Fly.io would have received it. */
export interface Received {
  readonly path: string;
  readonly headers: Record<string, string | undefined>;
  readonly body: string;
  readonly message: { timestamp: string; action: string; resource: Record<string, unknown> };
  /** Checked here with node:crypto alone, over the bytes that came. */
  readonly verified: boolean;
  readonly answered: number;
}

/** Fly.io's address for webhooks. `answers` are given in turn; afterwards 200. */
export interface Receiver extends TestServer {
  readonly received: Received[];
  answers: (
    | number
    | { status: number; headers?: Record<string, string>; body?: string }
    | 'hang'
    | 'reset'
  )[];
}

export async function startReceiver(secret: string): Promise<Receiver> {
  const received: Received[] = [];
  const receiver: Receiver = {
    ...(await serve((request, body, response) => {
      const answer = receiver.answers.shift() ?? 200;
      const status = typeof answer === 'object' ? answer.status : typeof answer === 'number' ? answer : 0;
      const signature = createHmac('sha256', secret).update(body, 'utf8').digest('hex');
      received.push({
        path: request.url ?? '',
        headers: request.headers as Record<string, string | undefined>,
        body,
        message: JSON.parse(body) as Received['message'],
        verified: request.headers['x-signature'] === signature,
        answered: status,
      });
      if (answer === 'hang') return;
      if (answer === 'reset') {
        request.socket.destroy();
        return;
      }
      response.writeHead(status, typeof answer === 'object' ? answer.headers : undefined);
      response.end(typeof answer === 'object' ? answer.body : '');
    })),
    received,
    answers: [],
  };
  return receiver;
}
