import { Secret, randomToken } from '@hangar/security';
import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimMade, claimRefused, claimStatus, claimTaken } from '../lab/claims.ts';
import type { Exchange } from '../lab/exchange.ts';
import type { Lab } from '../lab/lab.ts';
import { skip } from '../lab/lab.ts';
import { PRIMARY_REGION, READ_REGIONS } from '../lab/stories.ts';
import { lasting, settled } from './effects.ts';

const { must, should } = casesOf('update', 'docs/specs/extensions.md#update');

/** A settled resource in regions. */
async function inRegions(
  lab: Lab,
): Promise<{ readonly id: string; readonly order: Record<string, unknown> }> {
  const order = { ...lab.regional() };
  const { id } = claimMade(await lab.post(order));
  await settled(lab, id);
  return { id, order };
}

function regions(shown: Exchange): string {
  const list = shown.json['read_regions'];
  if (!Array.isArray(list)) skip('the provider shows no `read_regions`');
  return list.map(String).toSorted().join(',');
}

/** Changes the regions of a resource. A provider that cannot says so in words, and then nothing may have changed. */
async function changeRegions(lab: Lab, id: string, wanted: readonly string[]): Promise<void> {
  const answer = await lab.patch(id, { read_regions: wanted });
  if (answer.status === 422) {
    claim(typeof answer.json['error'] === 'string', 'nothing says why', answer);
    await claimRegions(lab, id, READ_REGIONS);
    skip('the regions of a resource cannot be changed, and the provider says so');
  }
  claimTaken(answer);
  await claimRegions(lab, id, wanted);
}

async function claimRegions(lab: Lab, id: string, expected: readonly string[]): Promise<void> {
  const shown = await settled(lab, id);
  const seen = regions(shown);
  claim(
    seen === expected.toSorted().join(','),
    `expected the regions ${expected.join(',')}, got ${seen}`,
    shown,
  );
}

export const UPDATE_CASES: readonly Case[] = [
  must('PAT-01', 'A PATCH with the members of the creation changes nothing.', async (lab) => {
    const { id, order } = await inRegions(lab);
    const before = await lab.get(id);
    claimTaken(await lab.patch(id, order));
    claim(lasting(await settled(lab, id)) === lasting(before), 'the resource changed', await lab.get(id));
  }),
  should('PAT-02', 'A region more is shown.', async (lab) => {
    const { id } = await inRegions(lab);
    await changeRegions(lab, id, [...READ_REGIONS, 'cdg']);
  }),
  should('PAT-03', 'An empty list of regions leaves none.', async (lab) => {
    const { id } = await inRegions(lab);
    await changeRegions(lab, id, []);
  }),
  should('PAT-04', 'What is absent stays.', async (lab) => {
    const { id } = await inRegions(lab);
    claimTaken(await lab.patch(id, {}));
    await claimRegions(lab, id, READ_REGIONS);
  }),
  should('PAT-05', 'Another primary region is refused, or it is truly another.', async (lab) => {
    const { id } = await inRegions(lab);
    const answer = await lab.patch(id, { primary_region: 'cdg' });
    const shown = await settled(lab, id);
    const now = shown.json['primary_region'];
    if (answer.status < 300)
      claim(now === undefined || now === 'cdg', 'the answer says yes, and nothing moved', shown);
    else {
      claimStatus(answer, 400, 409, 422);
      claim(
        now === undefined || now === PRIMARY_REGION,
        'the answer says no, and the region is another',
        shown,
      );
    }
  }),
  must('PAT-06', 'A PATCH never changes the owner.', async (lab) => {
    const { id, order } = await inRegions(lab);
    const answer = await lab.patch(id, { organization_id: lab.stranger().organizationId });
    claim(answer.status < 500 && answer.status > 0, `expected no failure, got ${answer.status}`, answer);
    const shown = await settled(lab, id);
    claim(
      shown.json['organization_id'] === undefined ||
        shown.json['organization_id'] === order['organization_id'],
      'the resource has another owner',
      shown,
    );
    // Who owns it is also whose creation it is: the first order must still find it.
    claim(
      claimMade(await lab.post(order)).id === id,
      'its own organization does not find it any more',
      shown,
    );
  }),
  must('PAT-07', 'An unknown id is 404.', async (lab) => {
    claimStatus(await lab.patch(lab.flyId(), { read_regions: [] }), 404);
  }),
  must('PAT-08', 'A wrong signature changes nothing.', async (lab) => {
    const { id } = await inRegions(lab);
    const before = await lab.get(id);
    claimStatus(await lab.patch(id, { read_regions: [] }, { secret: Secret.of(randomToken()) }), 401);
    const after = await lab.get(id);
    claim(lasting(after) === lasting(before), 'the resource changed', after);
  }),
  should(
    'PAT-09',
    'A plan that is none is refused in words, and changes nothing, or it is shown.',
    async (lab) => {
      const { id } = await inRegions(lab);
      const before = await lab.get(id);
      const plan = 'no-such-plan';
      const answer = await lab.patch(id, { plan });
      const after = await settled(lab, id);
      // A provider without a list of plans takes any word.
      if (answer.status < 300) {
        claim(after.json['plan'] === plan, 'the answer says yes, and the plan is another', after);
        return;
      }
      claimRefused(answer);
      claim(typeof answer.json['error'] === 'string', 'nothing says why', answer);
      claim(lasting(after) === lasting(before), 'the resource changed', after);
    },
  ),
  should('PAT-10', 'Two changes at once end in one of the two.', async (lab) => {
    const { id } = await inRegions(lab);
    const wanted = [['cdg'], ['nrt']];
    const answers = await Promise.all(
      wanted.map(async (list) => await lab.patch(id, { read_regions: list })),
    );
    if (answers.every((one) => one.status === 422))
      skip('the regions of a resource cannot be changed, and the provider says so');
    for (const answer of answers) claimStatus(answer, 200, 202, 409);
    const seen = regions(await settled(lab, id));
    claim(['cdg', 'nrt'].includes(seen), `the regions are ${seen}, which neither asked for`, answers[0]);
  }),
];
