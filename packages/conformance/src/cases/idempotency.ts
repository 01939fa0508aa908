import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimMade, claimStatus } from '../lab/claims.ts';
import type { Made } from '../lab/claims.ts';
import type { Exchange } from '../lab/exchange.ts';
import { claimGone } from './effects.ts';

const { must, should } = casesOf('idempotency', 'docs/specs/extensions.md#idempotency');

function claimNotHandedOut(answer: Exchange, first: Made): void {
  const values = Object.values(first.config).filter(
    (one): one is string => typeof one === 'string' && one.length > 3,
  );
  claim(
    values.length === 0 ||
      answer.json['config'] === undefined ||
      !values.some((value) => answer.text.includes(JSON.stringify(value))),
    'the answer hands out what belongs to another resource',
    answer,
  );
}

export const IDEMPOTENCY_CASES: readonly Case[] = [
  must('IDE-01', 'The same id and members again are the same resource.', async (lab) => {
    const order = lab.order();
    const first = claimMade(await lab.post(order));
    const second = await lab.post(order);
    claim(claimMade(second).id === first.id, 'the repetition made another resource', second);
  }),
  must('IDE-02', 'The same id and members again have the same `config`.', async (lab) => {
    const order = lab.order();
    const first = claimMade(await lab.post(order));
    const second = claimMade(await lab.post(order));
    claim(
      sortedText(second.config) === sortedText(first.config),
      'the repetition has another `config`',
      second.exchange,
    );
  }),
  should('IDE-03', 'Another person and another display name are the same resource.', async (lab) => {
    const order = lab.order();
    const first = claimMade(await lab.post(order));
    const { userId, email } = lab.stranger();
    const second = await lab.post({
      ...order,
      user_id: userId,
      user_email: email,
      organization_name: 'Renamed Flyers',
    });
    claim(claimMade(second).id === first.id, 'the repetition made another resource', second);
  }),
  must(
    'IDE-04',
    'The same id for another organization is refused, and never hands out the first one’s `config`.',
    async (lab) => {
      const order = lab.order();
      const first = claimMade(await lab.post(order));
      const other = lab.stranger();
      const answer = await lab.post({
        ...order,
        organization_id: other.organizationId,
        user_id: other.userId,
      });
      claimNotHandedOut(answer, first);
      claim(answer.json['id'] !== first.id || answer.status >= 400, 'the resource changed its owner', answer);
      claimStatus(answer, 400, 409, 422);
    },
  ),
  should('IDE-05', 'The same id in another region is refused.', async (lab) => {
    const order = lab.regional();
    claimMade(await lab.post(order));
    claimStatus(await lab.post({ ...order, primary_region: 'cdg' }), 409, 422);
  }),
  must('IDE-06', 'Ten creations with one id at once are one resource.', async (lab) => {
    const order = lab.order();
    const answers = await Promise.all(Array.from({ length: 10 }, async () => await lab.post(order)));
    const good = answers.filter((one) => one.status < 300);
    for (const one of answers) claimStatus(one, 200, 201, 202, 409);
    const ids = new Set(good.map((one) => claimMade(one).id));
    claim(ids.size === 1, `ten creations with one id are ${ids.size} resources`, good[1]);
    const [id] = ids;
    claim(claimMade(await lab.post(order)).id === id, 'the next creation is another resource', good[0]);
  }),
  must('IDE-07', 'Two ids of one organization are two resources.', async (lab) => {
    const [first, second] = [await lab.made(), await lab.made()];
    claim(first.id !== second.id, 'two ids are one resource', second.exchange);
  }),
  should(
    'IDE-08',
    'The id of a deleted resource is refused or another resource, and never its old `config`.',
    async (lab) => {
      const order = lab.order();
      const first = claimMade(await lab.post(order));
      claimStatus(await lab.remove(first.id), 200, 202, 204);
      await claimGone(lab, first.id);
      const answer = await lab.post(order);
      claimNotHandedOut(answer, first);
      if (answer.status >= 400) claimStatus(answer, 409, 410, 422);
      else claim(claimMade(answer).id !== first.id, 'a deleted resource is back', answer);
    },
  ),
  should('IDE-09', 'Who hangs up and asks again finds one resource.', async (lab) => {
    const order = lab.order();
    // Both are on their way before either is answered, as when the first answer is lost.
    const [lost, again] = await Promise.all([lab.post(order), lab.post(order)]);
    const third = claimMade(await lab.post(order));
    for (const one of [lost, again])
      if (one.status < 300) claim(claimMade(one).id === third.id, 'the next try found another resource', one);
  }),
];

function sortedText(config: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(config).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
