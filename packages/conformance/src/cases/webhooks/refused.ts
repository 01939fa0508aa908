import { casesOf, type Case } from '../../lab/case.ts';
import { claim } from '../../lab/claims.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Mood } from '../../twin/twin.ts';
import { settled } from '../effects.ts';
import { awaitHook, read } from './told.ts';

const { should } = casesOf('webhooks', 'docs/specs/extensions.md#webhooks', 'twin', 'trigger');

/** Two tries that failed and a third, with the pauses that are usual. */
const THREE_TRIES_MS = 90_000;
const LOOK_MS = 200;
/** Providers that follow a redirect, or go on after 410, do so at once. */
const QUIET_MS = 4_000;

/** A change, while Fly.io receives like this. */
async function changed(
  lab: Lab,
  mood: Mood,
  then: (id: string, from: number) => Promise<void>,
): Promise<void> {
  const { id } = await lab.made();
  await settled(lab, id);
  const from = lab.twin().hooks.length;
  lab.twin().receives(mood);
  try {
    await lab.trigger().act({ do: 'change', id });
    await then(id, from);
  } finally {
    lab.twin().receives();
  }
}

const triesOf = (lab: Lab, id: string, from: number) =>
  lab
    .twin()
    .hooks.slice(from)
    .map(read)
    .filter((one) => one.hook.answered > 0 && one.resource['id'] === id);

export const REFUSED_WEBHOOK_CASES: readonly Case[] = [
  should(
    'WH-08',
    'A webhook that Fly.io could not take is tried again: later, under the same id, signed anew.',
    async (lab) => {
      let left = 2;
      const mood: Mood = async (_, good) => {
        left -= 1;
        return left >= 0 ? new Response(null, { status: 500 }) : await good();
      };
      await changed(lab, mood, async (id, from) => {
        const giveUp = lab.elapsed() + THREE_TRIES_MS;
        while (triesOf(lab, id, from).length < 3) {
          claim(
            lab.elapsed() < giveUp,
            `only ${triesOf(lab, id, from).length} tries within ${THREE_TRIES_MS / 1000} s`,
          );
          await lab.pause(LOOK_MS);
        }
        const tries = triesOf(lab, id, from);
        const [first, second, third] = tries.map(({ hook }) => hook.atMs);
        claim(
          first !== undefined &&
            second !== undefined &&
            third !== undefined &&
            third - second > second - first,
          'the pauses between the tries do not grow',
        );
        claim(
          new Set(tries.map(({ hook }) => hook.headers.get('webhook-id'))).size === 1 &&
            tries[0]?.hook.headers.has('webhook-id') === true,
          'the tries have no common `Webhook-Id`',
        );
        claim(
          tries[0]?.json['timestamp'] !== tries[2]?.json['timestamp'],
          'the third try has the timestamp of the first',
        );
      });
    },
  ),
  should('WH-10', 'A redirect of the receiver is not followed.', async (lab) => {
    const mood: Mood = async () =>
      new Response(null, {
        status: 307,
        headers: { location: `${lab.twin().url}/api/hooks/extensions/followed` },
      });
    await changed(lab, mood, async (id, from) => {
      await awaitHook(lab, id, from);
      await lab.pause(QUIET_MS);
      const followed = lab
        .twin()
        .hooks.slice(from)
        .some(({ path }) => path.endsWith('/followed'));
      claim(!followed, 'the webhook, with its signature, was sent on');
    });
  }),
  should('WH-11', 'A receiver that hangs does not stop the provider.', async (lab) => {
    let open: (() => void) | undefined;
    const until = new Promise<void>((resolve) => {
      open = resolve;
    });
    const mood: Mood = async () => {
      await until;
      return new Response(null, { status: 503 });
    };
    await changed(lab, mood, async () => {
      const { exchange } = await lab.made();
      claim(exchange.answer.ms < THREE_TRIES_MS, 'the provider waits for Fly.io', exchange);
    }).finally(() => open?.());
  }),
];
