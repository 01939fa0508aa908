import { randomUUID } from 'node:crypto';
import { redactText, signMessage } from '@hangar/security';
import { OutgoingError } from '@hangar/security/outgoing';
import type { Kit } from '../kit.ts';
import type { Announcement, Delivery } from '../ports.ts';
import { createRounds, type Rounds } from '../rounds.ts';
import { webhookBody } from './message.ts';
import { judgeAttempt, openEndpoint, type Attempted } from './verdict.ts';

/** Extensions served side by side; of each only one announcement is on its way. */
const AT_ONCE = 8;

/** A claim outlives the slowest attempt by this much, so that nobody sends beside us. */
const CLAIM_SLACK_MS = 30_000;

/** As much of an answer is kept for people to read. */
const KEPT_CHARACTERS = 2_048;

/**
 * The claim loop over the outbox. Every attempt is built anew: newest snapshot, fresh timestamp, fresh
 * signature; only the `Webhook-Id` stays. A crash between sending and recording sends once more under that id.
 */
export function createSender(kit: Kit): Rounds {
  const { store, outgoing, webhookSecret, webhookUrl } = kit.options;
  const holder = randomUUID();

  const attempt = async (announcement: Announcement): Promise<{ attempted: Attempted; answer: string }> => {
    const extension = await store.extensions.find(announcement.extensionId);
    if (extension === undefined)
      return { attempted: { tag: 'failed', reason: 'the extension is gone' }, answer: '' };
    const body = webhookBody(announcement.action, extension, kit.now());
    try {
      const answer = await outgoing.send({
        method: 'POST',
        url: webhookUrl,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'hangar',
          'webhook-id': announcement.id,
          'x-signature': signMessage(webhookSecret, body),
        },
        body,
        timeoutMs: kit.timing.webhookMs,
      });
      const { status } = answer;
      return {
        attempted: { tag: 'answered', status, retryAfter: answer.headers.get('retry-after') },
        answer: readable(answer.text()),
      };
    } catch (error) {
      if (!(error instanceof OutgoingError)) throw error;
      return { attempted: { tag: 'failed', reason: error.reason }, answer: '' };
    }
  };

  const deliver = async (announcement: Announcement): Promise<void> => {
    const startedAt = kit.now();
    const started = performance.now();
    const { attempted, answer } = await attempt(announcement);
    const number = announcement.attempts + 1;
    const verdict = judgeAttempt(announcement, number, attempted, kit.now());
    const delivery: Delivery = {
      id: randomUUID(),
      announcementId: announcement.id,
      extensionId: announcement.extensionId,
      action: announcement.action,
      attempt: number,
      startedAt,
      durationMs: Math.round(performance.now() - started),
      status: attempted.tag === 'answered' ? attempted.status : null,
      outcome: verdict.outcome,
      answer,
      replay: announcement.replay,
    };
    await store.outbox.settle(holder, delivery, verdict.next, verdict.endpoint);
    const { outcome, status } = delivery;
    const line = {
      webhook: announcement.id,
      extension: announcement.extensionId,
      attempt: number,
      status,
      outcome,
    };
    if (verdict.next.tag === 'delivered') kit.log.info(line, 'webhook delivered');
    else if (verdict.next.tag === 'parked' || verdict.endpoint !== undefined)
      kit.log.error(line, 'webhooks need a person');
    else kit.log.warn(line, 'webhook not delivered; it will be tried again');
  };

  const drain = async (signal?: AbortSignal): Promise<void> => {
    for (;;) {
      if (signal?.aborted === true) return;
      const now = kit.now();
      const endpoint = await store.outbox.endpoint();
      if (endpoint.stoppedAt !== null) return;
      if (endpoint.pausedUntil !== null && endpoint.pausedUntil > now) return;
      const until = new Date(now.getTime() + kit.timing.webhookMs + CLAIM_SLACK_MS);
      // After a pause one goes ahead alone, to see whether the receiver is well again.
      const limit = endpoint.reason === openEndpoint.reason ? AT_ONCE : 1;
      const claimed = await store.outbox.claim({ holder, now, until, limit });
      if (claimed.length === 0) return;
      await Promise.all(claimed.map(deliver));
    }
  };

  return createRounds(drain, (error) => kit.log.error({ error }, 'a round of webhooks broke off'));
}

/** What a stranger wrote, fit for a column and for a page: no NUL, no tokens, not long. */
function readable(text: string): string {
  return redactText(text.replaceAll('\0', ''), KEPT_CHARACTERS);
}
