import { casesOf, type Case } from '../../lab/case.ts';
import { claim, type Made } from '../../lab/claims.ts';
import type { Lab } from '../../lab/lab.ts';
import { openBrowser } from '../../twin/browser.ts';
import type { Mood } from '../../twin/twin.ts';
import { claimNotIn } from './rounds.ts';

const { must, should } = casesOf('sign-on', 'docs/specs/extensions.md#sign-on-outcomes', 'twin');

/** Signs an admin in while Fly.io answers like this, and claims that nobody was let in. */
async function denied(lab: Lab, made: Made, mood: Mood): Promise<void> {
  lab.twin().introspects(mood);
  try {
    const browser = openBrowser(lab);
    const answer = await browser.signIn(`/extensions/${made.id}/sso`, lab.twin().people.admin);
    claim(answer.status >= 400, `expected a refusal, got ${answer.status}`, answer);
    await claimNotIn(lab, browser, made);
  } finally {
    lab.twin().introspects();
  }
}

/** The good answer with some members replaced; an undefined member is left out. */
const changed =
  (members: Record<string, unknown>): Mood =>
  async (_, good) => {
    const answer = (await (await good()).json()) as Record<string, unknown>;
    return Response.json({ ...answer, ...members });
  };

const answering =
  (status: number, body: string, type = 'application/json'): Mood =>
  async () =>
    new Response(body, { status, headers: { 'content-type': type } });

export const INTROSPECTION_CASES: readonly Case[] = [
  must('SSO-10', 'A token of another client is denied.', async (lab) => {
    await denied(lab, await lab.shared(), changed({ application: { uid: 'another-client' } }));
  }),
  must('SSO-11', 'An introspection that fails, is silent or makes no sense lets nobody in.', async (lab) => {
    const made = await lab.shared();
    await denied(lab, made, answering(401, '{"error":"invalid_token"}'));
    await denied(lab, made, answering(500, 'broken', 'text/plain'));
    await denied(lab, made, answering(200, '{}'));
    await denied(lab, made, answering(200, '<html>Welcome</html>', 'text/html'));
    await denied(lab, made, answering(302, ''));
    let open: (() => void) | undefined;
    const until = new Promise<void>((resolve) => {
      open = resolve;
    });
    const silent: Mood = async () => {
      await until;
      return new Response(null, { status: 503 });
    };
    await denied(lab, made, silent).finally(() => open?.());
  }),
  must('SSO-12', 'An introspection without organizations lets nobody in.', async (lab) => {
    const made = await lab.shared();
    await denied(lab, made, changed({ organizations: undefined }));
    await denied(lab, made, changed({ organizations: [] }));
  }),
  must(
    'HOS-35',
    'An introspection of another scope, another person or no time lets nobody in.',
    async (lab) => {
      const made = await lab.shared();
      await denied(lab, made, changed({ scope: ['write'] }));
      await denied(lab, made, changed({ resource_owner_id: 'somebodyelse' }));
      await denied(lab, made, changed({ expires_in: 0 }));
    },
  ),
  should('HOS-36', 'Ten thousand organizations and an unknown role are no failure.', async (lab) => {
    const made = await lab.shared();
    const many = Array.from({ length: 10_000 }, (_, at) => ({ id: `many${at}`, role: 'owner' }));
    lab.twin().introspects(changed({ organizations: many }));
    try {
      const answer = await openBrowser(lab).signIn(`/extensions/${made.id}/sso`, lab.twin().people.admin);
      claim(
        answer.status >= 400 && answer.status !== 500,
        `expected a refusal, got ${answer.status}`,
        answer,
      );
    } finally {
      lab.twin().introspects();
    }
  }),
];
