import { casesOf, type Case } from '../../lab/case.ts';
import { claim, claimRefused, claimStatus } from '../../lab/claims.ts';
import { claimGone, claimStillThere } from '../effects.ts';
import { queryText, targetOf } from '../../lab/order.ts';

const { must, should } = casesOf('signing', 'docs/specs/extensions.md#signature');

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

export const QUERY_SIGNING_CASES: readonly Case[] = [
  must('SIG-13', 'A signed GET is accepted.', async (lab) => {
    const { id } = await lab.shared();
    claimStatus(await lab.get(id), 200);
  }),
  must('SIG-14', 'A GET signed over anything but its raw query is refused.', async (lab) => {
    const { id } = await lab.shared();
    const path = `/extensions/${id}`;
    const signed: readonly ((bytes: Uint8Array) => string)[] = [
      (bytes) => `?${textOf(bytes)}`,
      (bytes) => decodeURIComponent(textOf(bytes)),
      (bytes) => `${targetOf(path, lab)}?${textOf(bytes)}`,
      (bytes) => `${lab.baseUrl}${path}?${textOf(bytes)}`,
    ];
    for (const one of signed) claimStatus(await lab.get(id, { signed: one }), 401);
  }),
  must('SIG-15', 'A GET with its parameters reordered after signing is refused.', async (lab) => {
    const { id } = await lab.shared();
    claimStatus(await lab.get(id, { sent: (bytes) => textOf(bytes).split('&').toReversed().join('&') }), 401);
  }),
  must('SIG-16', 'A GET with a parameter added after signing is refused.', async (lab) => {
    const { id } = await lab.shared();
    claimStatus(await lab.get(id, { sent: (bytes) => `${textOf(bytes)}&more=1` }), 401);
  }),
  must('SIG-17', 'A GET in any order and spelling, signed as sent, is accepted.', async (lab) => {
    const { id } = await lab.shared();
    const lower = (text: string): string =>
      text.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
    const answer = await lab.get(id, {
      write: (members) => lower(queryText(Object.fromEntries(Object.entries(members).toReversed()))),
    });
    claimStatus(answer, 200);
  }),
  must('SIG-18', 'A GET without a query, with the signature of nothing, is refused.', async (lab) => {
    const { id } = await lab.shared();
    claimStatus(await lab.get(id, { write: () => '' }), 401);
  }),
  must('SIG-19', 'A PATCH signed over its query is refused, and changes nothing.', async (lab) => {
    const made = await lab.made();
    const query = textOf(
      Buffer.from(lab.compose('GET', `/extensions/${made.id}`).outgoing.target.split('?')[1] ?? ''),
    );
    const answer = await lab.patch(
      made.id,
      { plan: 'conform' },
      { signed: () => query, path: `/extensions/${made.id}?${query}` },
    );
    claimStatus(answer, 401);
    await claimStillThere(lab, made);
  }),
  must('SIG-20', 'A DELETE signed over an empty body is refused, and removes nothing.', async (lab) => {
    const made = await lab.made();
    claimStatus(await lab.remove(made.id, { signed: () => '' }), 401);
    await claimStillThere(lab, made);
  }),
  must('HOS-06', 'A query that was signed in one spelling and sent in another is refused.', async (lab) => {
    const { id } = await lab.shared();
    const spellings: readonly ((text: string) => string)[] = [
      (text) => text.replaceAll('%2F', '/'),
      (text) => text.replaceAll('%2F', '%2f'),
      (text) => text.replaceAll('%3A', ':'),
    ];
    for (const spelling of spellings)
      claimStatus(await lab.get(id, { sent: (bytes) => spelling(textOf(bytes)) }), 401);
  }),
  must('HOS-07', 'A bare `?` is refused.', async (lab) => {
    const { id } = await lab.shared();
    claimStatus(await lab.get(id, { write: () => '', path: `/extensions/${id}?` }), 401);
  }),
  must('HOS-08', 'A query that nobody signed is refused.', async (lab) => {
    const made = await lab.made();
    claimStatus(await lab.get(made.id, { carried: () => [] }), 401);
    claimStatus(await lab.remove(made.id, { carried: () => [] }), 401);
    await claimStillThere(lab, made);
  }),
  should('HOS-09', 'A DELETE with a body is judged by its query alone.', async (lab) => {
    const made = await lab.made();
    const { outgoing } = lab.compose('DELETE', `/extensions/${made.id}`);
    const answer = await lab.send({ ...outgoing, body: Buffer.from('{"id":"another"}') });
    claim([200, 202, 204, 400].includes(answer.status), `expected 2xx or 400, got ${answer.status}`, answer);
    if (answer.status !== 400) await claimGone(lab, made.id);
  }),
  must('HOS-10', 'A HEAD with the signature of a GET tells nothing and removes nothing.', async (lab) => {
    const made = await lab.made();
    const { outgoing } = lab.compose('GET', `/extensions/${made.id}`);
    const answer = await lab.send({ ...outgoing, method: 'HEAD' });
    claim(answer.status > 0 && answer.status < 500, `expected no failure, got ${answer.status}`, answer);
    claim(answer.text === '', 'a HEAD has a body', answer);
    await claimStillThere(lab, made);
  }),
  must('HOS-11', 'A PATCH with the signature of a GET is refused.', async (lab) => {
    const made = await lab.made();
    const { outgoing } = lab.compose('GET', `/extensions/${made.id}`);
    claimRefused(await lab.send({ ...outgoing, method: 'PATCH', body: Buffer.from('{"read_regions":[]}') }));
    await claimStillThere(lab, made);
  }),
  must('HOS-12', '`X-HTTP-Method-Override: DELETE` on a signed GET removes nothing.', async (lab) => {
    const made = await lab.made();
    await lab.get(made.id, { headers: [['x-http-method-override', 'DELETE']] });
    await claimStillThere(lab, made);
  }),
  must('HOS-13', 'A whole address of another host as request target is refused.', async (lab) => {
    const { id } = await lab.shared();
    const { outgoing } = lab.compose('GET', `/extensions/${id}`);
    claimRefused(await lab.send({ ...outgoing, target: `http://elsewhere.example${outgoing.target}` }));
  }),
];
