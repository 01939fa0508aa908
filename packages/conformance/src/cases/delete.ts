import { Secret, randomToken } from '@hangar/security';
import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimNoFailure, claimStatus } from '../lab/claims.ts';
import { claimGone, claimStillThere } from './effects.ts';

const { must, should } = casesOf('delete', 'docs/specs/extensions.md#delete');

export const DELETE_CASES: readonly Case[] = [
  must('DEL-01', 'A resource is deleted.', async (lab) => {
    const { id } = await lab.made();
    claimStatus(await lab.remove(id), 200, 202, 204);
  }),
  must('DEL-02', 'A deleted resource is not there any more.', async (lab) => {
    const { id } = await lab.made();
    claimStatus(await lab.remove(id), 200, 202, 204);
    await claimGone(lab, id);
  }),
  must('DEL-03', 'A deletion may be repeated.', async (lab) => {
    const { id } = await lab.made();
    await lab.remove(id);
    claimStatus(await lab.remove(id), 200, 202, 204, 404, 410);
    await claimGone(lab, id);
  }),
  must('DEL-04', 'An id that never was is 404 or 410.', async (lab) => {
    claimStatus(await lab.remove(lab.flyId()), 404, 410);
  }),
  must('DEL-05', 'A wrong signature deletes nothing.', async (lab) => {
    const made = await lab.made();
    claimStatus(await lab.remove(made.id, { secret: Secret.of(randomToken()) }), 401);
    await claimStillThere(lab, made);
  }),
  must('DEL-06', 'Another resource that was asked for by the same name is untouched.', async (lab) => {
    const first = await lab.made();
    const order = lab.order();
    const sent = JSON.parse(Buffer.from(first.exchange.outgoing.body).toString('utf8')) as Record<
      string,
      unknown
    >;
    const second = await lab.post({ ...order, name: sent['name'] });
    if (second.status === 409) return;
    claimStatus(second, 200, 201, 202);
    claimStatus(await lab.remove(first.id), 200, 202, 204);
    const shown = await lab.get(String(second.json['id']));
    claimStatus(shown, 200);
  }),
  should('DEL-07', 'Ten deletions at once are no failure.', async (lab) => {
    const { id } = await lab.made();
    const answers = await Promise.all(Array.from({ length: 10 }, async () => await lab.remove(id)));
    for (const answer of answers) claimNoFailure(answer);
    claim(
      answers.some((answer) => answer.status < 300),
      'none of ten deletions is accepted',
      answers[0],
    );
    await claimGone(lab, id);
  }),
  should('DEL-09', 'A PATCH of a deleted resource is 404 or 410.', async (lab) => {
    const { id } = await lab.made();
    await lab.remove(id);
    await claimGone(lab, id);
    claimStatus(await lab.patch(id, { read_regions: [] }), 404, 410);
  }),
];
