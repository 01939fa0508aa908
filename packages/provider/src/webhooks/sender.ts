import { randomUUID } from 'node:crypto';
import { redactText, signMessage } from '@hangar/security';
import { OutgoingError } from '@hangar/security/outgoing';
import type { Deps } from '../deps.ts';
import type { Attempt, Claimed } from '../ports.ts';
import { createRounds, type Rounds } from '../rounds.ts';
import { webhookBody } from './message.ts';
import { createPool } from './pool.ts';
import { judgeAttempt, type Attempted } from './verdict.ts';

/** Extensions served side by side; of each only one announcement is on its way. More would be a burst at Fly.io's door. */
const AT_ONCE = 16;

/** A claim outlives the slowest attempt by this much, so that nobody sends beside us. */
const CLAIM_SLACK_MS = 30_000;

/** As much of an answer is kept for people to read. */
const KEPT_CHARACTERS = 2_048;

/**
 * The claim loop over the outbox. Every attempt is built anew: newest snapshot, fresh timestamp, fresh
 * signature; only the `Webhook-Id` stays. A crash between sending and recording sends once more under that id.
 */
export function createSender(deps: Deps): Rounds {
  const { store, outgoing, webhookSecret, webhookUrl } = deps.options;
  const holder = randomUUID();

  const send = async ({
    announcement,
    extension,
  }: Claimed): Promise<{ attempted: Attempted; answer: string }> => {
    const body = webhookBody(announcement.action, extension, deps.now());
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
        timeoutMs: deps.timing.webhookMs,
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

  const attempt = async (claimed: Claimed): Promise<Attempt> => {
    const { announcement } = claimed;
    const startedAt = deps.now();
    const started = performance.now();
    const { attempted, answer } = await send(claimed);
    const number = announcement.attempts + 1;
    const { outcome, next, endpoint } = judgeAttempt(announcement, number, attempted, deps.now());
    const delivery = {
      id: randomUUID(),
      announcementId: announcement.id,
      extensionId: announcement.extensionId,
      action: announcement.action,
      attempt: number,
      startedAt,
      durationMs: Math.round(performance.now() - started),
      status: attempted.tag === 'answered' ? attempted.status : undefined,
      outcome,
      answer,
      replay: announcement.replay,
    };
    return { delivery, next, endpoint };
  };

  const pool = createPool<Claimed, Attempt>({
    size: AT_ONCE,
    take: async (limit) => {
      const now = deps.now();
      const until = new Date(now.getTime() + deps.timing.webhookMs + CLAIM_SLACK_MS);
      return await store.outbox.claim({ holder, now, until, limit });
    },
    work: attempt,
    settle: async (attempts) => {
      await store.outbox.settle(holder, attempts);
      for (const each of attempts) note(each, deps);
    },
  });
  const rounds = createRounds(
    (signal) => pool.drain(signal),
    (error) => deps.log.error({ error }, 'a round of webhooks broke off'),
  );
  return {
    ...rounds,
    wake: () => {
      // While a round waits for slow receivers there may be room for more beside them.
      pool.nudge();
      rounds.wake();
    },
  };
}

function note({ delivery, next, endpoint }: Attempt, { log }: Deps): void {
  const { outcome, status, announcementId: webhook, extensionId: extension, attempt } = delivery;
  const line = { webhook, extension, attempt, status, outcome };
  if (next.tag === 'delivered') log.info(line, 'webhook delivered');
  else if (next.tag === 'parked' || endpoint !== undefined) log.error(line, 'webhooks need a person');
  else log.warn(line, 'webhook not delivered; it will be tried again');
}

/** What a stranger wrote, fit for a column and for a page: no NUL, no tokens, not long. */
function readable(text: string): string {
  return redactText(text.replaceAll('\0', ''), KEPT_CHARACTERS);
}
