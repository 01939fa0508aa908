import { casesOf, type Case } from '../../lab/case.ts';
import { claim, claimRefused, claimStatus } from '../../lab/claims.ts';
import type { Exchange } from '../../lab/exchange.ts';
import type { Lab } from '../../lab/lab.ts';
import { targetOf } from '../../lab/order.ts';
import { locationOf } from '../../twin/browser.ts';

const { must } = casesOf('sign-on', 'docs/specs/extensions.md#sign-on');

async function start(lab: Lab, id: string, query = ''): Promise<Exchange> {
  return await lab.send({ target: `${targetOf(`/extensions/${id}/sso`, lab)}${query}` });
}

/** The address of Fly.io that a visitor is sent to. */
async function authorizeOf(
  lab: Lab,
  id: string,
): Promise<{ readonly url: URL; readonly exchange: Exchange }> {
  const exchange = await start(lab, id);
  claimStatus(exchange, 302, 303);
  const url = locationOf(lab, exchange);
  claim(url !== undefined, 'the redirect leads nowhere', exchange);
  return { url, exchange };
}

/** Texts with which somebody may try to be led away. */
export const ELSEWHERE: readonly string[] = [
  'https://elsewhere.example',
  '//elsewhere.example',
  '/\\elsewhere.example',
  'https:elsewhere.example',
  '/%09/elsewhere.example',
  'javascript:alert(1)',
];

/** Claims that a browser is not led to where a stranger wants it. */
export function claimNotElsewhere(exchange: Exchange): void {
  const location = exchange.header('location') ?? '';
  claim(
    !/^(?:https?:)?[\\/]{2,}elsewhere|^https?:elsewhere|^[\\/]{2}|^javascript:/i.test(location),
    `the browser is led to ${location}`,
    exchange,
  );
}

export const SIGN_ON_START_CASES: readonly Case[] = [
  must('SSO-01', 'A browser that is not signed in is sent to Fly.io.', async (lab) => {
    const { id } = await lab.shared();
    const { url, exchange } = await authorizeOf(lab, id);
    claim(url.pathname.endsWith('/oauth/authorize'), 'the redirect does not lead to authorize', exchange);
  }),
  must('SSO-02', 'Fly.io is told client, response type, redirect address and scope.', async (lab) => {
    const { id } = await lab.shared();
    const { url, exchange } = await authorizeOf(lab, id);
    const query = url.searchParams;
    claim((query.get('client_id') ?? '') !== '', 'there is no `client_id`', exchange);
    claim(query.get('response_type') === 'code', '`response_type` is not `code`', exchange);
    claim(query.get('scope') === 'read', '`scope` is not `read`', exchange);
    const back = query.get('redirect_uri') ?? '';
    claim(
      URL.canParse(back) && new URL(back).origin === new URL(lab.baseUrl).origin,
      'the `redirect_uri` is none of the provider’s',
      exchange,
    );
  }),
  must('SSO-03', 'Fly.io is told a `state`, long and new each time.', async (lab) => {
    const { id } = await lab.shared();
    const states = new Set<string>();
    for (let one = 0; one < 3; one += 1) {
      const { url, exchange } = await authorizeOf(lab, id);
      const state = url.searchParams.get('state') ?? '';
      claim(state.length >= 16, `the \`state\` has ${state.length} characters`, exchange);
      claim(!states.has(state), 'the `state` came before', exchange);
      states.add(state);
    }
  }),
  must('SSO-04', 'An unknown id is 404, and nobody is sent to Fly.io.', async (lab) => {
    const answer = await start(lab, lab.flyId());
    claimStatus(answer, 404);
    claim(answer.header('location') === undefined, 'the browser is sent somewhere', answer);
  }),
  must('SSO-05', 'A callback with a made-up `state` is refused, and signs nobody in.', async (lab) => {
    const answer = await lab.send({
      target: targetOf('/callback?code=madeup&state=madeupmadeupmadeup', lab),
    });
    claimRefused(answer);
    const kept = (answer.answer.tag === 'answered' ? answer.answer.headers['set-cookie'] : undefined) ?? [];
    claim(
      kept.every((line) => /=;|max-age=0/i.test(line)),
      'the answer sets a cookie',
      answer,
    );
  }),
  must('HOS-32', 'A callback without a `state` is refused.', async (lab) => {
    claimRefused(await lab.send({ target: targetOf('/callback?code=madeup', lab) }));
    claimRefused(await lab.send({ target: targetOf('/callback', lab) }));
  }),
  must('HOS-33', 'A link that a program opens beforehand makes nothing.', async (lab) => {
    const { id } = await lab.shared();
    const before = (await lab.get(id)).text;
    await start(lab, id);
    claim((await lab.get(id)).text === before, 'looking at the link changed the resource');
  }),
  must('HOS-34', 'A text in the link does not lead a browser elsewhere.', async (lab) => {
    const { id } = await lab.shared();
    for (const text of ELSEWHERE) {
      const answer = await start(
        lab,
        id,
        `?return_to=${encodeURIComponent(text)}&redirect_uri=${encodeURIComponent(text)}`,
      );
      claim(answer.status > 0 && answer.status < 500, `expected no failure, got ${answer.status}`, answer);
      claimNotElsewhere(answer);
      const back = locationOf(lab, answer)?.searchParams.get('redirect_uri');
      claim(
        back === undefined || back === null || !back.includes('elsewhere'),
        'the callback is elsewhere',
        answer,
      );
    }
  }),
];
