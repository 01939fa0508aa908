import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimNoFailure, claimStatus } from '../lab/claims.ts';
import { targetOf } from '../lab/order.ts';
import type { Exchange } from '../lab/exchange.ts';

const { must, should } = casesOf('general', 'docs/specs/extensions.md#answers');
const ENDPOINTS = 'docs/specs/extensions.md#endpoints';

const AT_ONCE = 200;

/** What only the inside of a program knows: frames of a stack, and paths of its files. */
const INSIDES =
  /\n\s+at \S+ \(|\bat (?:async )?[\w.<>]+ \([^)]*:\d+:\d+\)|Traceback \(most recent call last\)|\/node_modules\/|\b[\w/.-]+\.(?:ts|js|py|rb|go):\d+/;

export const GENERAL_CASES: readonly Case[] = [
  should('GEN-01', 'Methods that nobody needs are 405, and no page may call.', async (lab) => {
    for (const method of ['OPTIONS', 'PUT', 'TRACE']) {
      const answer = await lab.send({
        method,
        target: targetOf('/extensions', lab),
        headers: [['origin', 'https://elsewhere.example']],
      });
      claimStatus(answer, 405, 404, 501);
      claim(answer.header('access-control-allow-origin') === undefined, 'pages of others may call', answer);
    }
  }),
  should(
    'GEN-02',
    'An unknown path is 404, in JSON.',
    async (lab) => {
      const answer = await lab.read('/no-such-path');
      claimStatus(answer, 404);
      claim(typeof answer.json['error'] === 'string', 'the answer is no JSON with an `error`', answer);
    },
    ENDPOINTS,
  ),
  {
    ...should('GEN-03', 'What is published as https is not served in plain text.', async (lab) => {
      const plain = await lab.send({
        target: `${lab.baseUrl.replace(/^https:/, 'http:')}/extensions`,
      });
      claim(plain.status === 0 || plain.status >= 300, 'plain text is served', plain);
    }),
    needs: ['https'],
  },
  should('GEN-05', 'An answer with `config` is not to be stored.', async (lab) => {
    const { exchange } = await lab.shared();
    const control = exchange.header('cache-control') ?? '';
    claim(control.includes('no-store'), `Cache-Control is ${control === '' ? 'absent' : control}`, exchange);
  }),
  should('GEN-06', 'Two hundred requests at once are answered, and none is a failure.', async (lab) => {
    const { id } = await lab.shared();
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, at): Promise<Exchange> => {
        if (at % 20 === 0) return await lab.post(lab.order());
        if (at % 5 === 0) return await lab.get(lab.flyId());
        return await lab.get(id);
      }),
    );
    for (const answer of answers) claimNoFailure(answer);
  }),
  must('HOS-31', 'No answer is a redirect.', async (lab) => {
    const { id } = await lab.shared();
    for (const answer of [await lab.get(id), await lab.get(`${id}/`), await lab.read('/extensions/')])
      claim(answer.status < 300 || answer.status >= 400, 'a signed request is sent elsewhere', answer);
  }),
];

/** Judged last, over everything that was said in this run. */
export const CLOSING_CASES: readonly Case[] = [
  should('GEN-04', 'No answer of the run tells the inside of the provider, or a secret.', async (lab) => {
    const secret = lab.secret.reveal();
    for (const exchange of lab.exchanges) {
      claim(!exchange.text.includes(secret), 'an answer holds the secret', exchange);
      claim(
        !INSIDES.test(exchange.text),
        'an answer tells where in the program something went wrong',
        exchange,
      );
    }
  }),
];
