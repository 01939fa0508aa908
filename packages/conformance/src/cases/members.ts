import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimMade, claimNoFailure, claimRefused, claimStatus } from '../lab/claims.ts';
import type { Exchange } from '../lab/exchange.ts';
import { isObject } from '../lab/exchange.ts';
import type { Lab } from '../lab/lab.ts';
import { claimNothingMade, settled } from './effects.ts';

const { must, should } = casesOf('provision', 'docs/specs/extensions.md#provision');
const ORDER = 'docs/specs/extensions.md#order-of-checks';

const REQUIRED = ['name', 'id', 'organization_id', 'organization_name', 'user_id', 'user_email', 'user_role'];
/** Captures of before 2023 lack it, so a provider may do without. */
const MAY_BE_ABSENT = 'user_role';

/** Made, or refused as senseless; never a failure. */
function claimMadeOr422(answer: Exchange): void {
  claim(
    [200, 201, 202, 400, 422].includes(answer.status),
    `expected a creation or 422, got ${answer.status}`,
    answer,
  );
}

async function refusedOrTolerated(lab: Lab, name: string, values: readonly unknown[]): Promise<void> {
  for (const value of values) {
    const order = { ...lab.regional(), [name]: value };
    const answer = await lab.post(order);
    claimStatus(answer, 400, 422);
    await claimNothingMade(lab, order);
  }
}

/** A signed body that is not what the members say. */
async function strange(lab: Lab, body: string | Uint8Array): Promise<Exchange> {
  return await lab.post(lab.order(), { write: () => body });
}

export const MEMBER_CASES: readonly Case[] = [
  must(
    'CRE-09',
    'A required member that is missing is refused by its name, and makes nothing.',
    async (lab) => {
      for (const name of REQUIRED) {
        const order = { ...lab.order(), [name]: undefined };
        const answer = await lab.post(order);
        if (name === MAY_BE_ABSENT && answer.status < 300) continue;
        claimRefused(answer);
        claim(answer.text.includes(name), `the refusal does not name ${name}`, answer);
        await claimNothingMade(lab, order);
      }
    },
  ),
  must('CRE-10', 'A required member of another type is refused, and makes nothing.', async (lab) => {
    for (const name of REQUIRED)
      for (const value of [7, null, ['x'], { x: 1 }]) {
        const order = { ...lab.order(), [name]: value };
        const answer = await lab.post(order);
        if (name === MAY_BE_ABSENT && value === null && answer.status < 300) continue;
        claimRefused(answer);
        await claimNothingMade(lab, order);
      }
  }),
  should('CRE-11', 'Regions as text are refused.', async (lab) => {
    await refusedOrTolerated(lab, 'read_regions', ['syd', 'syd,scl']);
  }),
  should('CRE-12', 'A region that is none is refused, or tolerated, and never a failure.', async (lab) => {
    for (const region of ['zzz', 'MAD', '../'])
      claimMadeOr422(await lab.post({ ...lab.regional(), primary_region: region }));
  }),
  should('CRE-13', 'An address outside of Fly.io’s networks is refused.', async (lab) => {
    await refusedOrTolerated(lab, 'ip_address', ['10.0.0.1', '::1', 'fd00::1', 'nowhere']);
  }),
  should('CRE-14', 'An unknown role is a member or refused, and never an admin.', async (lab) => {
    const answer = await lab.post({ ...lab.order(), user_role: 'owner' });
    claimMadeOr422(answer);
    claim(!/"admin"/.test(answer.text), 'the answer makes an admin of an unknown role', answer);
  }),
  must('CRE-15', 'A hostile name is made or refused, and never a failure.', async (lab) => {
    for (const name of [
      "x'; DROP TABLE extensions; --",
      '<script>alert(1)</script>',
      'n'.repeat(5_000),
      '🦜🚀',
      'with\0nul',
      'cr\r\nlf',
      '\u202Eright to left',
      '../../x',
    ]) {
      const answer = await lab.post({ ...lab.order(), name });
      claimMadeOr422(answer);
      if (answer.status >= 300) continue;
      const { id } = claimMade(answer);
      const shown = await settled(lab, id);
      claimStatus(shown, 200);
      claim(
        shown.header('content-type')?.includes('json') ?? false,
        'the name is shown, and not as JSON',
        shown,
      );
    }
  }),
  must(
    'CRE-16',
    'A body that is not a JSON object in UTF-8 is refused, though it is signed.',
    async (lab) => {
      const bodies = [
        'name=x',
        '[]',
        'null',
        '"text"',
        '{"name":"x",',
        '',
        new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      ];
      for (const body of bodies) claimStatus(await strange(lab, body), 400, 401, 422);
    },
    ORDER,
  ),
  should(
    'CRE-17',
    'A signed body of a mebibyte is refused.',
    async (lab) => {
      const order = lab.order();
      const answer = await lab.post({ ...order, padding: 'x'.repeat(1_048_576) });
      // A server may hang up on a body that it will not read; what must not be is that it was taken.
      const hungUp = answer.answer.tag === 'silent' && answer.answer.why === 'cut_off';
      if (!hungUp) claimStatus(answer, 413);
      await claimNothingMade(lab, order);
    },
    ORDER,
  ),
  should(
    'CRE-18',
    'Signed JSON ten thousand deep is refused, and the next request is served.',
    async (lab) => {
      const order = lab.order();
      const answer = await lab.post(order, {
        write: (all) =>
          JSON.stringify(all).replace(/\}$/, `,"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
      });
      claimRefused(answer);
      claimMade(await lab.post(lab.order()));
    },
  ),
  should('CRE-19', 'Members called `__proto__` and `constructor` change nothing.', async (lab) => {
    const answer = await lab.post(lab.order(), {
      write: (all) =>
        JSON.stringify(all).replace(
          /^\{/,
          '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}},',
        ),
    });
    claim(
      answer.status < 300 || answer.status === 400 || answer.status === 422,
      `got ${answer.status}`,
      answer,
    );
    const next = await lab.post(lab.order());
    claimMade(next);
    claim(!next.text.includes('polluted'), 'a later answer has a member of an earlier request', next);
  }),
  should(
    'CRE-20',
    'A member that comes twice is refused, or the last one counts throughout.',
    async (lab) => {
      const other = lab.stranger().organizationId;
      const order = lab.order();
      const answer = await lab.post(order, {
        write: (all) => JSON.stringify(all).replace(/^\{/, `{"organization_id":${JSON.stringify(other)},`),
      });
      if (answer.status >= 400) {
        claimRefused(answer);
        return;
      }
      const shown = await lab.get(claimMade(answer).id);
      claim(
        shown.json['organization_id'] === undefined ||
          shown.json['organization_id'] === order['organization_id'],
        'the first of two members counts',
        shown,
      );
    },
  ),
  must(
    'HOS-20',
    'Options that are deep, long or no object are made or refused, and never a failure.',
    async (lab) => {
      for (const options of ['text', [1], { a: 'x'.repeat(20_000) }, { '\u0000': 1 }]) {
        const answer = await lab.post({ ...lab.order(), options });
        claimNoFailure(answer);
        claim(isObject(answer.json) && answer.text.startsWith('{'), 'the answer is no JSON object', answer);
      }
    },
  ),
];
