import { createHmac } from 'node:crypto';
import { Secret, randomToken } from '@hangar/security';
import { casesOf, type Case } from '../../lab/case.ts';
import { claim, claimMade, claimNoFailure, claimStatus } from '../../lab/claims.ts';
import type { Exchange } from '../../lab/exchange.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Change, Members } from '../../lab/order.ts';
import { claimNothingMade } from '../effects.ts';
import { claimNoTimingOracle } from './timing.ts';

const { must, should } = casesOf('signing', 'docs/specs/extensions.md#signature');

/** A signature of the right length that nobody made. */
const WRONG_HEX = 'ab'.repeat(32);

/** Sends a creation with one thing wrong: refused with 401, and nothing came of it. */
async function refused(lab: Lab, change: Change, ...statuses: readonly number[]): Promise<Exchange> {
  const order = lab.order();
  const answer = await lab.post(order, change);
  claimStatus(answer, 401, ...statuses);
  await claimNothingMade(lab, order);
  return answer;
}

const carrying = (value: (hex: string) => string): Change => ({
  carried: (hex) => [['x-signature', value(hex)]],
});

export const SIGNING_CASES: readonly Case[] = [
  must('SIG-01', 'A valid POST is accepted.', async (lab) => {
    claimMade(await lab.post(lab.order()));
  }),
  must('SIG-02', 'A POST without a signature is refused, and makes nothing.', async (lab) => {
    await refused(lab, { carried: () => [] });
  }),
  must('SIG-03', 'A POST signed with another secret is refused.', async (lab) => {
    await refused(lab, { secret: Secret.of(randomToken()) });
  }),
  must('SIG-04', 'A body with one byte changed after signing is refused.', async (lab) => {
    const order = lab.order();
    const other = { ...order, name: `${order['name']}x` };
    const answer = await lab.post(order, {
      sent: (bytes) => Buffer.from(bytes).toString('utf8').replace(`"${order['name']}"`, `"${other.name}"`),
    });
    claimStatus(answer, 401);
    await claimNothingMade(lab, other);
  }),
  must(
    'SIG-05',
    'A body with odd spaces and order, signed as sent, is accepted: the raw bytes count.',
    async (lab) => {
      const spaced = (members: Members): string =>
        JSON.stringify(Object.fromEntries(Object.entries(members).toReversed()), null, '\t').replaceAll(
          ':',
          ' : ',
        );
      claimMade(await lab.post({ ...lab.order(), user_role: 'admin' }, { write: safely(spaced) }));
    },
  ),
  must('SIG-06', 'UTF-8 and `\\u` escapes, signed as sent, are accepted.', async (lab) => {
    const order = { ...lab.order(), organization_name: 'Hïïgh ✈ Flyers' };
    const escaped = (members: Members): string => JSON.stringify(members).replace('ïï', '\\u00ef\\u00EF');
    claimMade(await lab.post(order, { write: escaped }));
  }),
  must(
    'SIG-07',
    'Signatures that are empty, short, long or no hex are refused, and never a failure.',
    async (lab) => {
      for (const signature of ['', 'a', 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(63)}g`])
        await refused(
          lab,
          carrying(() => signature),
        );
    },
  ),
  should('SIG-08', 'Upper-case hex is accepted.', async (lab) => {
    claimMade(
      await lab.post(
        lab.order(),
        carrying((hex) => hex.toUpperCase()),
      ),
    );
  }),
  should('SIG-09', 'Base64 of the right digest is refused.', async (lab) => {
    await refused(
      lab,
      carrying((hex) => Buffer.from(hex, 'hex').toString('base64')),
    );
  }),
  must('SIG-10', 'The right digest in `X-Fly-Signature` alone is refused.', async (lab) => {
    await refused(lab, { carried: (hex) => [['x-fly-signature', hex]] });
  }),
  should('SIG-11', 'The right digest behind `sha256=` is refused.', async (lab) => {
    await refused(
      lab,
      carrying((hex) => `sha256=${hex}`),
    );
  }),
  must('SIG-12', 'Two `X-Signature` headers, of which one is right, are refused.', async (lab) => {
    for (const turned of [false, true]) {
      const carried: Change['carried'] = (hex) => {
        const pair = [['x-signature', hex] as const, ['x-signature', WRONG_HEX] as const];
        return turned ? pair.toReversed() : pair;
      };
      // A server may refuse what is ambiguous before anybody looks at signatures.
      await refused(lab, { carried }, 400);
    }
  }),
  should('SIG-21', 'A valid POST with `Content-Type: text/plain` is accepted or 415.', async (lab) => {
    const answer = await lab.post(lab.order(), { headers: [['content-type', 'text/plain']] });
    claimStatus(answer, 200, 201, 202, 415);
  }),
  should('SIG-22', 'The time of a refusal does not tell how much of a signature is right.', async (lab) => {
    await claimNoTimingOracle(lab);
  }),
  should('SIG-23', 'All refusals look the same but for the request id.', async (lab) => {
    const order = lab.order();
    const refusals = [
      await lab.post(order, { carried: () => [] }),
      await lab.post(
        order,
        carrying(() => 'a'),
      ),
      await lab.post(
        order,
        carrying(() => WRONG_HEX),
      ),
      await lab.post(order, { secret: Secret.of(randomToken()) }),
      await lab.post(order, { members: { timestamp: 1 } }),
      await lab.post(order, { members: { url: 'https://elsewhere.example/extensions' } }),
    ];
    const [first, ...others] = refusals;
    claim(first !== undefined, 'there is a first refusal');
    for (const other of others) {
      claimStatus(other, 401);
      claim(
        withoutRequestId(other.text) === withoutRequestId(first.text),
        'this refusal tells more than another one',
        other,
      );
    }
  }),
  {
    ...should('SIG-24', 'A second secret in use is accepted.', async (lab) => {
      claimMade(await lab.post(lab.order(), { secret: lab.secondSecret }));
    }),
    needs: ['second-secret'],
  },
  must('HOS-01', 'A signature outside ASCII is refused, and never a failure.', async (lab) => {
    await refused(
      lab,
      carrying(() => 'é'.repeat(64)),
    );
  }),
  must('HOS-02', 'A signature with an empty key is refused.', async (lab) => {
    const order = lab.order();
    const body = JSON.stringify({ ...order, ...envelope(lab) });
    const signature = createHmac('sha256', '').update(body).digest('hex');
    claimStatus(await lab.post(order, { write: () => body, ...carrying(() => signature) }), 401);
    await claimNothingMade(lab, order);
  }),
  must('HOS-03', 'A byte order mark that was not signed is refused.', async (lab) => {
    await refused(lab, { sent: (bytes) => Buffer.concat([Buffer.from('\uFEFF'), bytes]) });
  }),
  {
    ...must('HOS-04', 'A request signed with the secret of the webhooks is refused.', async (lab) => {
      await refused(lab, { secret: lab.webhookSecret });
    }),
    needs: ['webhook-secret'],
  },
  should('HOS-05', 'A body with a `Content-Encoding` is refused, and never a failure.', async (lab) => {
    const order = lab.order();
    const answer = await lab.post(order, { headers: [['content-encoding', 'gzip']] });
    claimNoFailure(answer);
    claimStatus(answer, 400, 401, 415, 422);
    await claimNothingMade(lab, order);
  }),
];

function envelope(lab: Lab): Members {
  return {
    url: `${lab.baseUrl}/extensions`,
    nonce: randomToken(),
    timestamp: Math.floor(lab.now().getTime() / 1000),
  };
}

/** Spaces may stand around a colon between a name and its value, and nowhere inside a text. */
function safely(write: (members: Members) => string): (members: Members) => string {
  return (members) => {
    const hidden = Object.fromEntries(
      Object.entries(members).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.replaceAll(':', '\u0001') : value,
      ]),
    );
    return write(hidden).replaceAll('\\u0001', ':');
  };
}

function withoutRequestId(text: string): string {
  return text.replaceAll(/"request_id":\s*"[^"]*"/g, '');
}
