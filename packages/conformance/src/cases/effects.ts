import { claim, claimStatus, type Made } from '../lab/claims.ts';
import type { Exchange } from '../lab/exchange.ts';
import type { Lab } from '../lab/lab.ts';
import type { Members } from '../lab/order.ts';

/**
 * Claims that a refused creation left nothing behind. Its id is used for another resource: had it left one, the id would be
 * taken, or the other resource would have its name.
 */
export async function claimNothingMade(lab: Lab, refused: Members): Promise<void> {
  const id = typeof refused['id'] === 'string' && isUsable(refused['id']) ? refused['id'] : undefined;
  // Without an id of its own nothing can be asked for by it.
  if (id === undefined) return;
  const order: Record<string, string> = { ...lab.order(), id };
  const answer = await lab.post(order);
  claim(
    answer.status === 200 || answer.status === 201 || answer.status === 202,
    `the refused request left something behind: its id, used again, is answered ${answer.status}`,
    answer,
  );
  const name = answer.json['name'];
  claim(
    name === undefined || name === order['name'] || !sameText(name, refused['name']),
    'the refused request left something behind: its id is the resource that it asked for',
    answer,
  );
}

/** Claims that the resource is as before, at its place. */
export async function claimStillThere(lab: Lab, made: Made): Promise<Exchange> {
  const shown = await lab.get(made.id);
  claimStatus(shown, 200);
  claim(
    shown.json['id'] === made.id && !['deleting', 'deleted'].includes(String(shown.json['status'])),
    'the resource is gone, or going',
    shown,
  );
  return shown;
}

/** Claims that the resource is not there any more, or on its way out. */
export async function claimGone(lab: Lab, id: string): Promise<void> {
  const shown = await lab.get(id);
  const going = ['deleting', 'deleted'].includes(String(shown.json['status']));
  claim(
    shown.status === 404 || shown.status === 410 || (shown.status === 200 && going),
    `expected 404, 410 or the status deleting, got ${shown.status}`,
    shown,
  );
}

/** What a GET tells, without usage and times. */
export function lasting(exchange: Exchange): string {
  const { usage: _usage, updated_at: _updated, request_id: _request, ...rest } = exchange.json;
  return JSON.stringify(rest);
}

/** Waits until the resource is settled: flyctl does the same, every two seconds, for four minutes. */
export async function settled(lab: Lab, id: string): Promise<Exchange> {
  const giveUp = lab.elapsed() + SETTLED_MS;
  for (;;) {
    const shown = await lab.get(id);
    if (shown.status !== 200 || ['ready', 'error'].includes(String(shown.json['status']))) return shown;
    claim(
      lab.elapsed() < giveUp,
      `neither ready nor error after ${SETTLED_MS / 1000} s: ${String(shown.json['status'])}`,
      shown,
    );
    await lab.pause(POLL_MS);
  }
}

/** flyctl gives up after four minutes. */
const SETTLED_MS = 240_000;
/** flyctl asks this often. */
const POLL_MS = 2_000;

function isUsable(id: string): boolean {
  return /^[\x21-\x7e]{1,100}$/.test(id);
}

function sameText(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && a === b;
}
