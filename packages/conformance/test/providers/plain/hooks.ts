import { createHmac, randomUUID } from 'node:crypto';
import { SECRETS, SLUG } from '../running.ts';
import type { Has } from './faults.ts';
import { shown, type Resource } from './resources.ts';

/** Tells Fly.io, one resource after the other in order. */
export interface Hooks {
  tell(action: string, one: Resource): void;
  close(): void;
}

const PAUSES_MS = [300, 900, 2_700, 8_100];
const TIMEOUT_MS = 10_000;

export function createHooks(flyUrl: string, has: Has): Hooks {
  const closing = new AbortController();
  let line: Promise<void> = Promise.resolve();

  const attempt = async (id: string, action: string, one: Resource, status: string): Promise<boolean> => {
    const resource: Record<string, unknown> = { ...shown(one, has), status };
    if (has('webhooks hold config')) resource['config'] = one.config;
    if (has('nobody is named in created')) delete resource['user_id'];
    const seconds = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({
      timestamp: has('the timestamp is a number') ? seconds : String(seconds),
      action: has('the action is a word of its own') ? 'resource.changed' : action,
      resource,
    });
    const secret = has('webhooks have the other secret') ? SECRETS.provisioning : SECRETS.webhook;
    const answer = await fetch(`${flyUrl}/api/hooks/extensions/${SLUG}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'x-signature': createHmac('sha256', secret).update(body).digest('hex'),
      },
      body,
      redirect: has('redirects are followed') ? 'follow' : 'manual',
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    return answer.ok;
  };

  const deliver = async (action: string, one: Resource, status: string): Promise<void> => {
    const id = randomUUID();
    for (const pause of [0, ...(has('a webhook is sent once') ? [] : PAUSES_MS)]) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (closing.signal.aborted) return;
      try {
        if (await attempt(id, action, one, status)) return;
      } catch {
        // Tried again.
      }
    }
  };

  return {
    tell(action, one) {
      const { status } = one;
      const send = async (): Promise<void> => await deliver(action, one, status);
      if (has('an older state is told last')) {
        void new Promise((resolve) => setTimeout(resolve, status === 'sleeping' ? 900 : 100)).then(send);
        return;
      }
      line = line.then(send);
      if (has('a change is told twice')) line = line.then(send);
    },
    close: () => closing.abort(),
  };
}
