import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimMade, claimStatus } from '../lab/claims.ts';
import { skip } from '../lab/lab.ts';
import { claimGone, settled } from './effects.ts';

const { must, should } = casesOf('asynchronous', 'docs/specs/extensions.md#asynchronous-work');
const STATUS = 'docs/specs/extensions.md#status';

const WORDS = ['provisioning', 'ready', 'error', 'sleeping', 'updating', 'suspended', 'deleting'];

export const ASYNCHRONOUS_CASES: readonly Case[] = [
  must(
    'ASY-01',
    'The status right after a creation is a word in lower case.',
    async (lab) => {
      const { id } = await lab.made();
      const shown = await lab.get(id);
      claimStatus(shown, 200);
      const { status } = shown.json;
      claim(
        typeof status === 'string' && /^[a-z_]+$/.test(status),
        'the status is no word in lower case',
        shown,
      );
    },
    STATUS,
  ),
  should(
    'HOS-21',
    'The status is one of the words that Fly.io knows.',
    async (lab) => {
      const { id } = await lab.shared();
      const shown = await lab.get(id);
      claim(
        WORDS.includes(String(shown.json['status'])),
        `${String(shown.json['status'])} is none of ${WORDS.join(', ')}`,
        shown,
      );
    },
    STATUS,
  ),
  must('ASY-02', 'A resource is `ready` or `error` within four minutes.', async (lab) => {
    const { id } = await lab.made();
    claimStatus(await settled(lab, id), 200);
  }),
  must('ASY-03', 'An answer that comes before the work is done has `config`, too.', async (lab) => {
    const { exchange } = await lab.shared();
    if (exchange.status !== 202) skip('the provider was done at once');
    claimMade(exchange);
  }),
  should('ASY-04', 'A repetition while the work goes on is 202, with the same id.', async (lab) => {
    const order = lab.order();
    const first = await lab.post(order);
    if (first.status !== 202) skip('the provider was done at once');
    const second = await lab.post(order);
    claimStatus(second, 200, 202);
    claim(claimMade(second).id === claimMade(first).id, 'the repetition made another resource', second);
  }),
  should('ASY-06', 'A deletion right after a creation leaves nothing.', async (lab) => {
    const { id } = await lab.made();
    claimStatus(await lab.remove(id), 200, 202, 204);
    await claimGone(lab, id);
    await lab.pause(LATER_MS);
    await claimGone(lab, id);
  }),
  must('ASY-07', 'Fifty questions about one resource are answered.', async (lab) => {
    const { id } = await lab.shared();
    const answers = await Promise.all(Array.from({ length: 50 }, async () => await lab.get(id)));
    for (const answer of answers) claimStatus(answer, 200);
  }),
];

/** Time for work that was not stopped to say that it is ready. */
const LATER_MS = 1_000;
