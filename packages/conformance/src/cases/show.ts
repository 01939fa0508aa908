import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimRefused, claimStatus } from '../lab/claims.ts';
import { claimGone, lasting, settled } from './effects.ts';

const { must, should } = casesOf('show', 'docs/specs/extensions.md#show');
const ANSWERS = 'docs/specs/extensions.md#answers';
const ENDPOINTS = 'docs/specs/extensions.md#endpoints';

/** Paths that a router may read as another resource, or a file, or fall over. */
const HOSTILE_IDS: readonly string[] = [
  '../',
  '%2e%2e%2f',
  '%00',
  "'%20OR%201=1",
  'x'.repeat(2_000),
  'a%2fb',
  '..',
  '%ff',
];

export const SHOW_CASES: readonly Case[] = [
  must('GET-01', 'A resource is shown with its id and a status.', async (lab) => {
    const { id } = await lab.shared();
    const shown = await lab.get(id);
    claimStatus(shown, 200);
    claim(shown.json['id'] === id, 'the `id` is another one', shown);
    claim(typeof shown.json['status'] === 'string', 'there is no `status`', shown);
  }),
  must('GET-02', 'An unknown id is 404, in JSON.', async (lab) => {
    const shown = await lab.get(lab.flyId());
    claimStatus(shown, 404);
    claim(typeof shown.json['error'] === 'string', 'the answer is no JSON with an `error`', shown);
  }),
  must(
    'GET-03',
    'A hostile id is 400 or 404, never a failure and never another resource.',
    async (lab) => {
      const { id } = await lab.shared();
      for (const hostile of [...HOSTILE_IDS, `${id}%00`, `%2e/${id}`, `x/../${id}`]) {
        const shown = await lab.get(hostile);
        claimRefused(shown);
        claim(shown.json['id'] === undefined, 'another resource is shown', shown);
      }
    },
    ENDPOINTS,
  ),
  should('GET-04', 'Organization, user, name and plan are shown.', async (lab) => {
    const { id } = await lab.shared();
    const shown = await lab.get(id);
    for (const name of ['organization_id', 'user_id', 'name', 'plan'])
      claim(name in shown.json, `there is no \`${name}\``, shown);
    claim(
      shown.json['organization_id'] === lab.person.organizationId,
      'the organization is another one',
      shown,
    );
  }),
  should('GET-05', 'A resource is shown twice alike, but for usage and times.', async (lab) => {
    const { id } = await lab.shared();
    await settled(lab, id);
    const [first, second] = [await lab.get(id), await lab.get(id)];
    claim(lasting(first) === lasting(second), 'the second answer differs from the first', second);
  }),
  should('GET-06', 'A resource is shown without `config`.', async (lab) => {
    const { id } = await lab.shared();
    const shown = await lab.get(id);
    claim(!('config' in shown.json), 'the answer hands out `config`', shown);
  }),
  should(
    'HOS-22',
    'What is asked for as HTML is answered as JSON.',
    async (lab) => {
      const { id } = await lab.shared();
      const shown = await lab.get(id, { headers: [['accept', 'text/html']] });
      claimStatus(shown, 200);
      claim(
        shown.header('content-type')?.startsWith('application/json') ?? false,
        'the answer is no JSON',
        shown,
      );
    },
    ANSWERS,
  ),
  should('HOS-23', 'A deleted resource is not shown any more.', async (lab) => {
    const made = await lab.made();
    await lab.remove(made.id);
    await claimGone(lab, made.id);
    const shown = await lab.get(made.id);
    if (shown.status !== 200) {
      claimStatus(shown, 404, 410);
      claim(shown.json['name'] === undefined, 'the answer has data of a deleted resource', shown);
    }
    claim(!('config' in shown.json), 'the answer hands out `config` of a deleted resource', shown);
  }),
];
