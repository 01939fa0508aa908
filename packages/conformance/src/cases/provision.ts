import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimMade, claimStatus, type Made } from '../lab/claims.ts';
import type { Lab } from '../lab/lab.ts';
import { skip } from '../lab/lab.ts';

const { must, should } = casesOf('provision', 'docs/specs/extensions.md#provision');
const ANSWERS = 'docs/specs/extensions.md#answers';

/** The page: a provider answers within five seconds. */
const ANSWER_MS = 5_000;
const LOOPBACK = /^(?:localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)$/;

const texts = (made: Made): [string, string][] =>
  Object.entries(made.config).filter((entry): entry is [string, string] => typeof entry[1] === 'string');

/** The provider itself may be tested on this machine, where its products are, too. */
function isLocal(lab: Lab): boolean {
  return LOOPBACK.test(new URL(lab.baseUrl).hostname);
}

export const PROVISION_CASES: readonly Case[] = [
  must('CRE-01', 'The answer has an `id` and a `config`.', async (lab) => {
    claimMade(await lab.post(lab.order()));
  }),
  must('CRE-02', 'Every value of `config` is text.', async (lab) => {
    const made = await lab.shared();
    for (const [name, value] of Object.entries(made.config))
      claim(typeof value === 'string', `the value of ${name} is no text`, made.exchange);
  }),
  should('CRE-03', 'Names in `config` are upper case, and none begins with `FLY_`.', async (lab) => {
    const made = await lab.shared();
    for (const name of Object.keys(made.config))
      claim(/^(?!FLY_)[A-Z][A-Z0-9_]{0,63}$/.test(name), `the name ${name} is not one to set`, made.exchange);
  }),
  should(
    'CRE-04',
    'Every `…_URL` in `config` parses and has a host that is not the loopback.',
    async (lab) => {
      const made = await lab.shared();
      for (const [name, value] of texts(made).filter(([one]) => one.endsWith('_URL'))) {
        claim(
          URL.canParse(value) && new URL(value).hostname !== '',
          `${name} is no address with a host`,
          made.exchange,
        );
        claim(
          isLocal(lab) || !LOOPBACK.test(new URL(value).hostname),
          `${name} leads to the loopback`,
          made.exchange,
        );
      }
    },
  ),
  must('CRE-05', 'The answer comes within five seconds.', async (lab) => {
    const { exchange } = claimMade(await lab.post(lab.order()));
    claim(exchange.answer.ms <= ANSWER_MS, `the answer took ${exchange.answer.ms} ms`, exchange);
  }),
  must('CRE-06', 'The required members alone are enough, or what is missing is named.', async (lab) => {
    const answer = await lab.post(lab.order());
    if (answer.status === 422)
      claim(/region|ip_address/.test(answer.text), 'the refusal does not name what is missing', answer);
    else claimMade(answer);
  }),
  must('CRE-07', 'Regions and an address are accepted.', async (lab) => {
    claimMade(await lab.post(lab.regional()));
  }),
  should('CRE-08', 'Members that are not known are ignored.', async (lab) => {
    claimMade(await lab.post({ ...lab.order(), announced_for_later: { deep: [1, null, 'x'] } }));
  }),
  must(
    'CRE-21',
    'A name that another resource has gets another name, or 409 in readable words.',
    async (lab) => {
      const first = await lab.made();
      const { name } = first.exchange.outgoing.body.byteLength > 0 ? namesIn(first) : { name: undefined };
      const answer = await lab.post({ ...lab.order(), name });
      claimStatus(answer, 200, 201, 202, 409);
      if (answer.status === 409) {
        claim(
          typeof answer.json['error'] === 'string' && answer.json['error'] !== '',
          'nothing says why',
          answer,
        );
        return;
      }
      claim(claimMade(answer).id !== first.id, 'two resources of one name are one', answer);
      claim(
        answer.json['name'] === undefined ||
          answer.json['name'] !== name ||
          first.exchange.json['name'] !== name,
        'two resources have one name, and the answer says so',
        answer,
      );
    },
  ),
  must('CRE-22', 'A returned `name` is text and not empty.', async (lab) => {
    const { exchange } = await lab.shared();
    const { name } = exchange.json;
    claim(name === undefined || (typeof name === 'string' && name !== ''), 'the `name` is no name', exchange);
  }),
  must('CRE-23', 'A returned `fly_app_name` is the name of an app.', async (lab) => {
    const { exchange } = await lab.shared();
    const name = exchange.json['fly_app_name'];
    if (name === undefined || name === null) skip('the provider returns no `fly_app_name`');
    claim(typeof name === 'string' && /^[a-z0-9-]{1,63}$/.test(name), 'it is no name of an app', exchange);
  }),
  should(
    'CRE-24',
    'A refusal is JSON with a sentence in `error`.',
    async (lab) => {
      const refusals = [
        await lab.post({ ...lab.order(), name: undefined }),
        await lab.post(lab.order(), { carried: () => [] }),
      ];
      for (const refusal of refusals) {
        const { error } = refusal.json;
        claim(typeof error === 'string' && error !== '', 'the refusal has no sentence in `error`', refusal);
      }
    },
    ANSWERS,
  ),
  must('CRE-25', 'The id of a creation works at once.', async (lab) => {
    const { id } = await lab.made();
    claimStatus(await lab.get(id), 200);
  }),
];

function namesIn(made: Made): { readonly name: string | undefined } {
  const sent: unknown = JSON.parse(Buffer.from(made.exchange.outgoing.body).toString('utf8'));
  const name = typeof sent === 'object' && sent !== null && 'name' in sent ? sent.name : undefined;
  return { name: typeof name === 'string' ? name : undefined };
}
