import { z } from 'zod';
import { call, expectEqual, expectStatus } from '../calls.ts';
import type { Browser, Page } from '../browser.ts';
import type { Step, Story } from '../story.ts';
import { until } from '../../processes/waiting.ts';

const attenuated = z.object({ token: z.string() });
const refusal = z.object({ code: z.string(), location: z.string(), ticket: z.string().optional() });
const flow = z.object({ user_interactive: z.object({ user_url: z.string(), poll_url: z.string() }) });
const discharged = z.object({ discharge: z.string() });

export const login: Step = {
  title: 'A login caveat is added: 401 without its discharge, 200 after somebody signed in with a browser',
  play: async (story) => {
    const answer = await call({
      method: 'POST',
      url: story.api('/hangar/v1/tokens/attenuate'),
      body: { token: story.narrowed, require_login: true },
    });
    const { token } = attenuated.parse(expectStatus(answer, 200, 201));
    const look = { method: 'GET', url: story.api(`/v1/apps/${story.appName}`) };
    const refused = refusal.parse(expectStatus(await call({ ...look, token }), 401));
    expectEqual('the code without a discharge', refused.code, 'discharge_required');

    const discharge = await obtainDischarge(story, token, refused.location);
    expectStatus(await call({ ...look, token: `${token},${discharge}` }), 200);
    return { without_discharge: 401, location: refused.location, with_discharge: 200 };
  },
};

async function obtainDischarge(story: Story, token: string, location: string): Promise<string> {
  const started = await call({
    method: 'POST',
    url: `${location}/.well-known/macfly/3p`,
    body: { ticket: await ticketOf(token, location) },
  });
  const { user_url, poll_url } = flow.parse(expectStatus(started, 201)).user_interactive;
  expectStatus(await call({ method: 'GET', url: poll_url }), 202);
  const confirm = await signIn(story.browser, await story.browser.open(user_url), 'NeBO2G0l0yJ6');
  const done = await story.browser.submit(confirm, { decision: 'allow' });
  if (done.status !== 200)
    throw new Error(`the confirmation page answered ${done.status}: ${done.text.slice(0, 200)}`);
  return await until('the discharge is ready', async () => {
    const polled = await call({ method: 'GET', url: poll_url });
    return polled.status === 200 ? discharged.parse(polled.json).discharge : undefined;
  });
}

async function ticketOf(token: string, location: string): Promise<string> {
  const { LOCATIONS, missingTickets, parseBundle } = await import('@hangar/macaroon');
  const bundle = parseBundle(token, LOCATIONS.permission);
  const missing = bundle.ok
    ? missingTickets(bundle.value).find((ticket) => ticket.location === location)
    : undefined;
  if (missing === undefined) throw new Error(`no ticket for ${location} in the token`);
  return Buffer.from(missing.ticket).toString('base64');
}

/** Picks a user on the simulated Fly.io's sign-in page, when that is where the browser was sent. */
export async function signIn(browser: Browser, page: Page, userId: string): Promise<Page> {
  return page.url.includes('/oauth/authorize') ? await browser.submit(page, { user_id: userId }) : page;
}
