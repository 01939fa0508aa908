import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimMade, claimNoFailure, claimRefused, claimStatus } from '../lab/claims.ts';
import type { Lab } from '../lab/lab.ts';
import { freshNonce, queryText, secondsOf, type Change } from '../lab/order.ts';
import { claimNothingMade, claimStillThere } from './effects.ts';

const { must, should } = casesOf('replay', 'docs/specs/extensions.md#order-of-checks');
const OPEN = 'docs/specs/extensions.md#what-a-signature-leaves-open';

/** Ten minutes: outside every window that is used anywhere. */
const OUTSIDE_SECONDS = 600;

async function refusedWith(lab: Lab, change: Change, ...statuses: readonly number[]): Promise<void> {
  const order = lab.order();
  claimStatus(await lab.post(order, change), ...(statuses.length === 0 ? [401] : statuses));
  await claimNothingMade(lab, order);
}

const members = (given: Record<string, unknown>): Change => ({ members: given });

const elsewhere = (lab: Lab): string =>
  `https://elsewhere.example${new URL(lab.baseUrl).pathname}/extensions`;

export const REPLAY_CASES: readonly Case[] = [
  must('REP-01', 'The same bytes twice make no second resource.', async (lab) => {
    const first = await lab.post(lab.order());
    const { id } = claimMade(first);
    const second = await lab.again(first);
    claim(
      second.status === 401 || (second.status === 200 && second.json['id'] === id),
      `expected 401, or 200 with the same id, got ${second.status}`,
      second,
    );
  }),
  should('REP-02', 'The same bytes are refused the second time, and hand out nothing.', async (lab) => {
    const first = await lab.post(lab.order());
    claimMade(first);
    const second = await lab.again(first);
    claimStatus(second, 401);
    claim(second.json['config'] === undefined, 'a repetition hands out `config`', second);
  }),
  should('REP-03', 'A timestamp ten minutes old is refused.', async (lab) => {
    await refusedWith(lab, members({ timestamp: secondsOf(lab.now()) - OUTSIDE_SECONDS }));
  }),
  should('REP-04', 'A timestamp ten minutes ahead is refused.', async (lab) => {
    await refusedWith(lab, members({ timestamp: secondsOf(lab.now()) + OUTSIDE_SECONDS }));
  }),
  must('REP-05', 'A timestamp a minute old, or a minute ahead, is accepted.', async (lab) => {
    for (const seconds of [-60, 60])
      claimMade(await lab.post(lab.order(), members({ timestamp: secondsOf(lab.now()) + seconds })));
  }),
  should(
    'REP-06',
    'A timestamp in milliseconds, negative, as `1e9` or missing is refused, and never a failure.',
    async (lab) => {
      for (const timestamp of [lab.now().getTime(), -1, '1e9', undefined])
        await refusedWith(lab, members({ timestamp }), 400, 401, 422);
    },
  ),
  should('REP-07', 'A timestamp as decimal text is accepted.', async (lab) => {
    claimMade(await lab.post(lab.order(), members({ timestamp: String(secondsOf(lab.now())) })));
  }),
  must('REP-08', 'A signed `url` of another host is refused.', async (lab) => {
    await refusedWith(lab, members({ url: elsewhere(lab) }));
  }),
  must('REP-09', 'A GET whose `url` names another resource is refused.', async (lab) => {
    const [mine, other] = [await lab.made(), await lab.shared()];
    claimStatus(await lab.get(mine.id, members({ url: `${lab.baseUrl}/extensions/${other.id}` })), 401);
  }),
  must(
    'REP-10',
    'A GET that was served, sent again as DELETE, is refused and removes nothing.',
    async (lab) => {
      const made = await lab.made();
      const shown = await lab.get(made.id);
      claimStatus(shown, 200);
      claimStatus(await lab.again(shown, { method: 'DELETE' }), 401, 405);
      await claimStillThere(lab, made);
    },
    OPEN,
  ),
  must('REP-12', 'A POST without `url` is refused.', async (lab) => {
    await refusedWith(lab, members({ url: undefined }));
  }),
  should('REP-13', 'A nonce that is missing, empty or endless is refused.', async (lab) => {
    for (const nonce of [undefined, '', 'n'.repeat(10_000)]) await refusedWith(lab, members({ nonce }));
  }),
  should('REP-14', 'Of twenty copies of one POST at once, one at most is accepted.', async (lab) => {
    const order = lab.order();
    const nonce = freshNonce();
    const timestamp = secondsOf(lab.now());
    const copies = await Promise.all(
      Array.from({ length: 20 }, async () => await lab.post(order, members({ nonce, timestamp }))),
    );
    const ids = new Set(copies.filter(({ status }) => status < 300).map(({ json }) => json['id']));
    const accepted = copies.filter(({ status }) => status < 300);
    for (const copy of copies) claimNoFailure(copy);
    claim(ids.size <= 1, `twenty copies of one request made ${ids.size} resources`, accepted[0]);
    claim(accepted.length <= 1, `${accepted.length} of twenty copies were accepted`, accepted[1]);
  }),
  should('REP-15', 'A foreign `Host` that agrees with a foreign `url` is refused.', async (lab) => {
    const order = lab.order();
    const { outgoing } = await lab.post(order, members({ url: elsewhere(lab).replace('https:', 'http:') }));
    claimStatus(await lab.send(outgoing, 'elsewhere.example'), 400, 401, 404, 421);
    await claimNothingMade(lab, order);
  }),
  should('REP-16', 'A lying `X-Forwarded-Host` with the right `url` is accepted.', async (lab) => {
    claimMade(await lab.post(lab.order(), { headers: [['x-forwarded-host', 'elsewhere.example']] }));
  }),
  should(
    'REP-17',
    'A GET with `url` twice, the first right and the second wrong, is refused.',
    async (lab) => {
      const { id } = await lab.shared();
      for (const turned of [false, true]) {
        const answer = await lab.get(id, {
          write: (all) => {
            const urls = [all['url'], elsewhere(lab)];
            return queryText({ ...all, url: turned ? urls.toReversed() : urls });
          },
        });
        claimStatus(answer, 400, 401);
      }
    },
  ),
  must(
    'HOS-14',
    'A nonce that was used, in another body that is freshly signed, is refused.',
    async (lab) => {
      const nonce = freshNonce();
      claimMade(await lab.post(lab.order(), members({ nonce })));
      await refusedWith(lab, members({ nonce }));
    },
  ),
  should(
    'HOS-15',
    'A nonce that is a list, an object or a number is refused, and never a failure.',
    async (lab) => {
      for (const nonce of [[freshNonce()], { nonce: freshNonce() }, 12_345_678]) {
        const order = lab.order();
        claimRefused(await lab.post(order, members({ nonce })));
        await claimNothingMade(lab, order);
      }
    },
  ),
  must(
    'HOS-16',
    'A `url` of another path or scheme, with a name in it or a fragment, is refused.',
    async (lab) => {
      const own = `${lab.baseUrl}/extensions`;
      const { protocol } = new URL(own);
      for (const url of [
        `${own}/other`,
        own.replace(protocol, protocol === 'http:' ? 'https:' : 'http:'),
        own.replace('://', '://user@'),
        `${own}/../extensions`,
        `${own}#fragment`,
        `${own}?query=1`,
      ])
        await refusedWith(lab, members({ url }), 400, 401);
    },
  ),
  should('HOS-17', 'A POST with `url` twice in its JSON is refused.', async (lab) => {
    const order = lab.order();
    const answer = await lab.post(order, {
      write: (all) => JSON.stringify(all).replace(/^\{/, `{"url":${JSON.stringify(elsewhere(lab))},`),
    });
    claimRefused(answer);
    await claimNothingMade(lab, order);
  }),
  should(
    'HOS-18',
    'A timestamp beyond all numbers, with a fraction, or `null` is refused, and never a failure.',
    async (lab) => {
      for (const timestamp of [
        10_000_000_000_000_000,
        secondsOf(lab.now()) + 0.5,
        null,
        [secondsOf(lab.now())],
      ])
        await refusedWith(lab, members({ timestamp }), 400, 401, 422);
    },
  ),
  must('HOS-19', 'A DELETE that was served, sent again, is refused.', async (lab) => {
    const made = await lab.made();
    const gone = await lab.remove(made.id);
    claimStatus(gone, 200, 202, 204);
    claimStatus(await lab.again(gone), 401, 404, 410);
  }),
];
